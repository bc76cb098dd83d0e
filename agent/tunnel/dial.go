package tunnel

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/frames"
)

// Dialer is agent.Dialer over WebSocket.
type Dialer struct {
	// URL is the allocator's address without a path; http and https.
	URL string
	// HTTP makes the connection. Its time-out bounds the handshake alone.
	HTTP *http.Client
	// UserAgent names the agent in the allocator's log.
	UserAgent string
	// Handler answers what comes through the tunnel.
	Handler http.Handler
	// Log receives what the libraries underneath say, at debug level.
	Log *slog.Logger
}

// Dial opens a tunnel as the agent that id names. An answer other than a
// tunnel comes back as an *api.Problem.
func (d *Dialer) Dial(ctx context.Context, id agent.Identity) (agent.Tunnel, error) {
	ws, res, err := websocket.Dial(ctx, strings.TrimRight(d.URL, "/")+api.TunnelPath(id.AgentID), &websocket.DialOptions{ //nolint:bodyclose // the connection took it over, or it is in memory
		HTTPClient: whole(d.HTTP),
		HTTPHeader: http.Header{
			"Authorization": {"Bearer " + id.Secret},
			"User-Agent":    {d.UserAgent},
		},
	})
	if err != nil {
		if res != nil && res.StatusCode != http.StatusSwitchingProtocols {
			err = problem(res)
		}
		return nil, fmt.Errorf("open the tunnel: %w", err)
	}
	return &tunnel{ws: ws, handler: d.Handler, log: d.Log, moving: make(chan struct{})}, nil
}

// whole is a client over whose connections the tunnel's messages go out whole.
func whole(c *http.Client) *http.Client {
	with := http.Client{}
	if c != nil {
		with = *c
	}
	with.Transport = upgrading{cmp.Or(with.Transport, http.DefaultTransport)}
	return &with
}

// upgrading wraps what a request was upgraded to.
type upgrading struct{ http.RoundTripper }

// RoundTrip makes a request.
func (u upgrading) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := u.RoundTripper.RoundTrip(r)
	if err != nil {
		return res, err
	}
	if conn, ok := res.Body.(io.ReadWriteCloser); ok && res.StatusCode == http.StatusSwitchingProtocols {
		res.Body = frames.Messages(conn)
	}
	return res, nil
}

// problem is what an answer to the handshake says. One that is not a problem
// document, as a proxy may send, is named by its status.
func problem(res *http.Response) *api.Problem {
	raw, _ := io.ReadAll(res.Body) // at most 1 KiB, which the WebSocket library has read
	p := &api.Problem{}
	if json.Unmarshal(raw, p) != nil || p.Code == "" {
		p = &api.Problem{Title: res.Status, Code: api.CodeForStatus(res.StatusCode)}
	}
	p.HTTP = res.StatusCode
	if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && s > 0 {
		p.RetryAfter = time.Duration(s) * time.Second
	}
	return p
}
