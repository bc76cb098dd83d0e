package web_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// showing is a machine's agent that shows a desktop, or none.
type showing struct {
	allocator.Tunnels
	desktop string
}

func (s showing) Status(ctx context.Context, machine string) (api.Status, error) {
	status, err := s.Tunnels.Status(ctx, machine)
	if status.Session != nil {
		status.Session.Desktop = s.desktop
	}
	return status, err
}

func TestASeatLeadsToItsDesktopWhereThereIsOne(t *testing.T) {
	for desktop, want := range map[string]bool{"vnc": true, "": false} {
		in := allocatortest.New(t)
		in.Service.Tunnels = showing{in.Service.Tunnels, desktop}
		w := newWorldIn(t, in)
		ws := w.ReadyWorkshop(t, 1)
		w.Agents.Connect(w.Machines(t, ws)...)
		ann := w.browser(t)
		join(t, ann, ws, "ann@example.org")
		w.Settled()
		_, body := ann.open(t, "/seat")
		require.Equal(t, want, strings.Contains(body, `href="/desktop/"`), body)
	}
}
