package tunnel

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// What an agent may answer, in bytes: how the machine is, with what it has, and else a
// few words. Whoever has root on a machine answers what they like.
const (
	maxStatus = 256 << 10
	maxWords  = 64 << 10
)

// How long an agent may take to answer, whatever else its tunnel does. One that begins a
// session, or ends it, has more to do.
const (
	patience        = 10 * time.Second
	sessionPatience = 30 * time.Second
)

// ask asks a machine's agent something. Unavailable when it does not answer in time, or
// not in a way that can be understood; what it refuses is told as it says it.
func (h *Hub) ask(ctx context.Context, machine, method, path string, in, out any) error {
	return h.askFor(ctx, cmp.Or(h.Patience, patience), machine, method, path, in, out)
}

func (h *Hub) askFor(ctx context.Context, limit time.Duration, machine, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c := api.Client{URL: "http://agent", HTTP: &http.Client{Transport: h.brief(machine)}, MaxAnswer: maxWords}
	if method == http.MethodGet {
		c.MaxAnswer = maxStatus
	}
	err := c.Do(ctx, method, path, in, out)
	var p *api.Problem
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &p):
		return api.Problemf(api.Unavailable, "The machine does not answer", "%s.", err)
	case p.Title != http.StatusText(p.HTTP): // the agent says what is wrong
		p.Title, p.Detail = inShort(p.Title), inShort(p.Detail)
		return err
	}
	return api.Problemf(api.Unavailable, "The machine does not answer", "Its agent says %d to %s %s: %s", p.HTTP, method, path, p.Detail)
}

// StartSession begins a session on a machine.
func (h *Hub) StartSession(ctx context.Context, machine, session string, number int64) error {
	return h.askFor(ctx, sessionPatience, machine, http.MethodPost, "/session", api.StartSession{ID: session, Number: number}, nil)
}

// Reboot lets an agent reboot its machine.
func (h *Hub) Reboot(ctx context.Context, machine, boot string) error {
	return h.ask(ctx, machine, http.MethodPost, "/reboot", api.StartReboot{BootID: boot}, nil)
}

// Collect begins to collect on a machine, or says how it goes.
func (h *Hub) Collect(ctx context.Context, machine string, c api.StartCollect) (api.CollectStatus, error) {
	var out api.CollectStatus
	return out, h.ask(ctx, machine, http.MethodPost, "/collect", c, &out)
}

// EndSession ends a session of a machine.
func (h *Hub) EndSession(ctx context.Context, machine, session string, number int64) error {
	which := url.Values{"id": {session}, "number": {strconv.FormatInt(number, 10)}}
	return h.askFor(ctx, sessionPatience, machine, http.MethodDelete, "/session?"+which.Encode(), nil, nil)
}

// longest is how much of what an agent says is wrong is passed on, in bytes.
const longest = 1000

func inShort(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), longest)], "")
}
