package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/api"
)

// setupOperation tells agents what their machines are set up with. It has an address of its
// own: a script may be long, and reports, which carry its sum, are many.
func (s *server) setupOperation(a huma.API) {
	huma.Register(a, huma.Operation{
		OperationID: "machine-setup", Method: http.MethodGet, Path: "/api/v1/agents/{id}/setup", Summary: "Ask what the machine is set up with",
		Tags: []string{"agent"}, Security: []map[string][]string{{"agent": {}}}, Errors: []int{401, 404, 429},
	}, func(ctx context.Context, in *struct {
		ID            string `path:"id" maxLength:"64"`
		Authorization string `header:"Authorization" maxLength:"200"`
	},
	) (*body[api.Setup], error) {
		agent, err := s.Service.Authenticate(ctx, in.ID, bearer(in.Authorization))
		if err == nil {
			err = s.bounds.setups.bound(agent.MachineID, "The machine asks too often what it is set up with")
		}
		if err != nil {
			return nil, s.refuse(ctx, err)
		}
		out, err := s.Service.Setup(ctx, agent)
		if err != nil {
			return nil, s.refuse(ctx, err)
		}
		return &body[api.Setup]{out}, nil
	})
}
