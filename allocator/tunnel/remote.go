package tunnel

import (
	"context"
	"net/http"

	"github.com/talmolab/lablink-infrastructure/api"
)

// StartRemote begins to connect a machine with Chrome Remote Desktop.
func (h *Hub) StartRemote(ctx context.Context, machine string, in api.StartRemote) error {
	return h.ask(ctx, machine, http.MethodPost, "/remote", in, nil)
}

// Remote asks how far a machine is connected.
func (h *Hub) Remote(ctx context.Context, machine string) (api.RemoteDesktop, error) {
	var out api.RemoteDesktop
	return out, h.ask(ctx, machine, http.MethodGet, "/remote", nil, &out)
}
