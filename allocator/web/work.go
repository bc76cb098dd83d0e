package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/api"
)

// workOperations collect what participants made, and give it to staff.
func (s *server) workOperations(a huma.API) {
	staff(s, a, "collect-work", http.MethodPost, "/api/v1/workshops/{id}/collect", "Collect what participants have made until now; they go on working", http.StatusAccepted,
		func(ctx context.Context, user string, in *idInput) (*body[api.Operation], error) {
			op, err := s.Service.CollectWork(ctx, user, in.ID)
			return &body[api.Operation]{toOperation(op)}, err
		})
	staff(s, a, "list-work", http.MethodGet, "/api/v1/workshops/{id}/work", "List what was collected, with addresses to download it from", 0,
		func(ctx context.Context, _ string, in *idInput) (*body[api.Page[api.WorkFile]], error) {
			if _, err := s.Service.Store.Workshop(ctx, in.ID); err != nil {
				return nil, err
			}
			files, err := s.Service.WorkOf(ctx, in.ID)
			return &body[api.Page[api.WorkFile]]{api.Page[api.WorkFile]{Items: append([]api.WorkFile{}, files...)}}, err
		})
}

// uploadOperation names places for what an agent collects.
func (s *server) uploadOperation(a huma.API) {
	huma.Register(a, huma.Operation{
		OperationID: "upload-work", Method: http.MethodPost, Path: "/api/v1/agents/{id}/uploads", Summary: "Ask where to keep files that are collected",
		Tags: []string{"agent"}, Security: []map[string][]string{{"agent": {}}}, Errors: []int{401, 404, 409, 422, 429},
	}, func(ctx context.Context, in *struct {
		ID            string `path:"id" maxLength:"64"`
		Authorization string `header:"Authorization" maxLength:"200"`
		Body          api.NewUploads
	},
	) (*body[api.Uploads], error) {
		agent, err := s.Service.Authenticate(ctx, in.ID, bearer(in.Authorization))
		if err == nil {
			err = s.bounds.uploads.bound(agent.MachineID, "The machine asks for places too often")
		}
		if err != nil {
			return nil, s.refuse(ctx, err)
		}
		out, err := s.Service.Uploads(ctx, agent, in.Body)
		if err != nil {
			return nil, s.refuse(ctx, err)
		}
		return &body[api.Uploads]{out}, nil
	})
}
