package uplink

import (
	"context"
	"net/http"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Allocator is agent.Allocator over HTTP.
type Allocator struct {
	// URL is the allocator's address without a path.
	URL string
	// HTTP sends the requests; see NewHTTP.
	HTTP *http.Client
	// UserAgent names the agent in the allocator's log.
	UserAgent string
}

// Register exchanges a proof for an id.
func (a *Allocator) Register(ctx context.Context, r api.Registration) (api.Registered, error) {
	return a.client("").Register(ctx, r)
}

// Report says how the machine of id is.
func (a *Allocator) Report(ctx context.Context, id agent.Identity, r api.Report) (api.ReportAnswer, error) {
	return a.client(id.Secret).Report(ctx, id.AgentID, r)
}

// Setup asks what the machine of id is set up with.
func (a *Allocator) Setup(ctx context.Context, id agent.Identity) (api.Setup, error) {
	return a.client(id.Secret).Setup(ctx, id.AgentID)
}

// Log says what was logged on the machine of id.
func (a *Allocator) Log(ctx context.Context, id agent.Identity, b api.LogBatch) error {
	return a.client(id.Secret).Log(ctx, id.AgentID, b)
}

func (a *Allocator) client(secret string) *api.Client {
	return &api.Client{URL: a.URL, HTTP: a.HTTP, Bearer: secret, UserAgent: a.UserAgent}
}
