package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxAnswer bounds what a client reads of one answer, in bytes, unless it says otherwise.
const maxAnswer = 16 << 20

// Client calls an allocator's API.
type Client struct {
	// URL is the allocator's address without a path, for example
	// "https://lab.example.org".
	URL string
	// HTTP sends the requests. Optional: http.DefaultClient.
	HTTP *http.Client
	// Bearer is sent as the bearer token of each request, when not empty.
	Bearer string
	// UserAgent names the program in the allocator's log.
	UserAgent string
	// MaxAnswer is how much an answer may be, in bytes. Optional: 16 MiB.
	MaxAnswer int64
}

// Do sends in (when not nil) as JSON and decodes the answer into out (when not
// nil). A refusal comes back as a *Problem, whoever in between it came from.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	res, raw, err := c.send(ctx, method, path, in) //nolint:bodyclose // send has read and closed it
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return problemOf(res, raw)
	}
	if out == nil || len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("decode answer of %s %s: %w", method, path, err)
	}
	return nil
}

// File gets what is no JSON, as it is.
func (c *Client) File(ctx context.Context, path string) ([]byte, error) {
	res, raw, err := c.send(ctx, http.MethodGet, path, nil) //nolint:bodyclose // send has read and closed it
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= 300 {
		return nil, problemOf(res, raw)
	}
	return raw, nil
}

func (c *Client) send(ctx context.Context, method, path string, in any) (*http.Response, []byte, error) {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return nil, nil, fmt.Errorf("encode request to %s: %w", path, err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(c.URL, "/")+path, body)
	if err != nil {
		return nil, nil, fmt.Errorf("make request to %s: %w", path, err)
	}
	c.prepare(req, in != nil)
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer res.Body.Close()
	most := cmp.Or(c.MaxAnswer, maxAnswer)
	raw, err := io.ReadAll(io.LimitReader(res.Body, most+1))
	if err == nil && int64(len(raw)) > most {
		err = fmt.Errorf("it is longer than %d bytes", most)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read answer of %s %s: %w", method, path, err)
	}
	return res, raw, nil
}

func (c *Client) prepare(req *http.Request, hasBody bool) {
	if hasBody {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	if c.Bearer != "" {
		req.Header.Set("Authorization", "Bearer "+c.Bearer)
	}
	if c.UserAgent != "" {
		req.Header.Set("User-Agent", c.UserAgent)
	}
}

func problemOf(res *http.Response, raw []byte) error {
	p := &Problem{}
	media, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if media != "application/problem+json" || json.Unmarshal(raw, p) != nil || p.Code == "" {
		code := CodeForStatus(res.StatusCode)
		p = &Problem{Title: http.StatusText(res.StatusCode), Code: code, Detail: firstLine(raw)}
	}
	p.HTTP = res.StatusCode
	if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && s > 0 {
		p.RetryAfter = time.Duration(s) * time.Second
	}
	return p
}

func firstLine(raw []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(raw)), "\n")
	if len(line) > 200 {
		line = line[:200]
	}
	return line
}

// CodeOf is the code of the problem in err's chain, or "" when there is none.
func CodeOf(err error) Code {
	var p *Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return ""
}

// Register exchanges a proof for an agent's id.
func (c *Client) Register(ctx context.Context, r Registration) (Registered, error) {
	var out Registered
	err := c.Do(ctx, http.MethodPost, "/api/v1/agents", r, &out)
	return out, err
}

// Report tells the allocator how the machine of agent id is.
func (c *Client) Report(ctx context.Context, id string, r Report) (ReportAnswer, error) {
	var out ReportAnswer
	err := c.Do(ctx, http.MethodPost, "/api/v1/agents/"+id+"/reports", r, &out)
	return out, err
}

// Log tells the allocator what the machine of agent id logged.
func (c *Client) Log(ctx context.Context, id string, b LogBatch) error {
	return c.Do(ctx, http.MethodPost, "/api/v1/agents/"+id+"/logs", b, nil)
}

// Setup asks what the machine of agent id is set up with. NotFound where that is nothing.
func (c *Client) Setup(ctx context.Context, id string) (Setup, error) {
	var out Setup
	err := c.Do(ctx, http.MethodGet, "/api/v1/agents/"+id+"/setup", nil, &out)
	return out, err
}

// TunnelPath is where agent id keeps its tunnel.
func TunnelPath(id string) string { return "/api/v1/agents/" + id + "/tunnel" }

// MovePath is where an allocator that is about to stop asks an agent, through its
// tunnel, for another one. An agent that does not know it says that nothing is there,
// and opens another one when this one ends.
const MovePath = "/move"

// Ready asks whether the allocator is ready. An allocator that answers "not
// yet" is no error: the answer then says why.
func (c *Client) Ready(ctx context.Context) (Ready, error) {
	res, raw, err := c.send(ctx, http.MethodGet, "/readyz", nil) //nolint:bodyclose // send has read and closed it
	if err != nil {
		return Ready{}, err
	}
	var out Ready
	if json.Unmarshal(raw, &out) != nil || out.Version == "" {
		return Ready{}, problemOf(res, raw)
	}
	return out, nil
}
