package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/api"
)

func (s *server) agentOperations(a huma.API) {
	tags := []string{"agent"}
	huma.Register(a, huma.Operation{
		OperationID: "register-agent", Method: http.MethodPost, Path: "/api/v1/agents", Summary: "Exchange a proof for an identity",
		Tags: tags, DefaultStatus: http.StatusCreated, Errors: []int{403, 404, 409, 422, 429, 503},
	}, func(ctx context.Context, in *struct {
		requestInput
		Body api.Registration
	},
	) (*body[api.Registered], error) {
		done, err := s.bounds.registers(in.request, in.Body.JoinToken)
		if err != nil {
			return nil, s.refuse(ctx, err)
		}
		out, err := s.Service.Register(ctx, in.Body)
		done(err)
		if err != nil {
			s.Log.WarnContext(ctx, "an agent was not registered", "error", err)
			return nil, s.refuse(ctx, err)
		}
		return &body[api.Registered]{out}, nil
	})
	huma.Register(a, huma.Operation{
		OperationID: "report", Method: http.MethodPost, Path: "/api/v1/agents/{id}/reports", Summary: "Say how the machine is",
		Tags: tags, Security: []map[string][]string{{"agent": {}}}, Errors: []int{401, 422, 429},
	}, func(ctx context.Context, in *struct {
		ID            string `path:"id" maxLength:"64"`
		Authorization string `header:"Authorization" maxLength:"200"`
		Body          api.Report
	},
	) (*body[api.ReportAnswer], error) {
		agent, err := s.Service.Authenticate(ctx, in.ID, bearer(in.Authorization))
		if err == nil {
			err = s.bounds.reports.bound(agent.MachineID, "The machine reports too often")
		}
		if err != nil {
			return nil, s.refuse(ctx, err)
		}
		out, err := s.Service.Report(ctx, agent, in.Body)
		if err != nil {
			return nil, s.refuse(ctx, err)
		}
		return &body[api.ReportAnswer]{out}, nil
	})
}

// tunnel takes an agent's tunnel.
func (s *server) tunnel(w http.ResponseWriter, r *http.Request) {
	agent, err := s.Service.Authenticate(r.Context(), r.PathValue("id"), bearer(r.Header.Get("Authorization")))
	if err == nil {
		err = s.bounds.tunnels.bound(agent.MachineID, "The machine opens too many tunnels")
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.Tunnel(w, r, agent.MachineID)
}

func bearer(header string) string {
	secret, _ := strings.CutPrefix(header, "Bearer ")
	return secret
}
