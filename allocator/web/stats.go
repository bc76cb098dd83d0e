package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/api"
)

func (s *server) statsOperation(a huma.API) {
	staff(s, a, "workshop-stats", http.MethodGet, "/api/v1/workshops/{id}/stats", "What the participants of a workshop did on its machines: how long its software ran and had the active window, how long a GPU computed, and peaks", 0,
		func(ctx context.Context, _ string, in *idInput) (*body[api.Stats], error) {
			stats, err := s.Service.Stats(ctx, in.ID)
			return &body[api.Stats]{stats}, err
		})
}
