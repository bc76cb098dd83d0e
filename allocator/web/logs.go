package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Batches of its log that a machine may send at once, and how often one more is after
// that. An agent sends one every ten seconds.
const logBurst, logEvery = 60, 2 * time.Second

func (s *server) logOperations(a huma.API) {
	huma.Register(a, huma.Operation{
		OperationID: "keep-log", Method: http.MethodPost, Path: "/api/v1/agents/{id}/logs", Summary: "Say what the machine logged",
		Tags: []string{"agent"}, Security: []map[string][]string{{"agent": {}}}, DefaultStatus: http.StatusNoContent, Errors: []int{401, 422, 429},
	}, func(ctx context.Context, in *struct {
		ID            string `path:"id" maxLength:"64"`
		Authorization string `header:"Authorization" maxLength:"200"`
		Body          api.LogBatch
	},
	) (*struct{}, error) {
		agent, err := s.Service.Authenticate(ctx, in.ID, bearer(in.Authorization))
		if err == nil {
			err = s.limits.log(agent.MachineID)
		}
		if err == nil {
			err = s.Service.KeepLogs(ctx, agent, in.Body)
		}
		if err != nil {
			return nil, s.refuse(ctx, err)
		}
		return nil, nil
	})
	staff(s, a, "read-log", http.MethodGet, "/api/v1/machines/{id}/logs", "What a machine logged, oldest first: the newest MiB of the last 30 days", 0,
		func(ctx context.Context, _ string, in *struct {
			ID    string `path:"id" maxLength:"64"`
			After int64  `query:"after" minimum:"0" doc:"The next of an earlier answer, to read on"`
		},
		) (*body[api.LogPage], error) {
			page, err := s.Service.Logs(ctx, in.ID, in.After)
			return &body[api.LogPage]{page}, err
		})
}

// log counts a batch of a machine's log.
func (l limits) log(machine string) error {
	wait := l.logs.wait(machine)
	if wait == 0 {
		return nil
	}
	p := api.Problemf(api.RateLimited, "The machine logs too much", "Its lines are kept there for a while; it tries again by itself.")
	p.RetryAfter = wait
	return p
}
