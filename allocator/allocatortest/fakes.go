package allocatortest

import (
	"context"

	"github.com/talmolab/lablink-infrastructure/api"
)

// verifier believes what a proof says: the real one has tests of its own.
type verifier struct{}

func (verifier) Verify(_ context.Context, p api.Proof) (string, string, error) {
	return p.Headers["instance"], p.Headers["role"], nil
}

type noTunnels struct{}

func (noTunnels) Status(context.Context, string) (api.Status, error) {
	return api.Status{}, api.Problemf(api.Unavailable, "The machine is not connected", "")
}
