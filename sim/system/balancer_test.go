package system

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// An environment behind load balancers is deployed twice, looked at again, and
// taken away, by the real engine.
func TestAnEnvironmentBehindLoadBalancersIsDeployedTwiceAndDestroyed(t *testing.T) {
	e := start(t)
	account := e.stack(t, "account")
	e.must(t, account, "up", "--yes", "--skip-preview", "--suppress-outputs")
	s := e.stack(t, "test", "    mode: acme\n    email: lab@example.org", "    mode: acm")
	e.must(t, s, "up", "--yes", "--skip-preview", "--suppress-outputs")
	out, err := e.Environment(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, "https://test.lab.example.org", out.URL)
	require.Regexp(t, `^lablink-people-test-[0-9]{10}\.us-west-2\.elb\.amazonaws\.com$`, out.PublicAddress)
	require.Regexp(t, `^https://internal-lablink-agents-test-[0-9]{10}\.us-west-2\.elb\.amazonaws\.com$`, out.AgentURL)
	e.must(t, s, "up", "--yes", "--skip-preview", "--suppress-outputs", "--expect-no-changes")
	e.must(t, s, "refresh", "--preview-only", "--suppress-outputs", "--expect-no-changes")
	e.must(t, s, "destroy", "--yes", "--skip-preview", "--suppress-outputs")
	e.must(t, account, "state", "unprotect", "--all", "--yes")
	e.must(t, account, "destroy", "--yes", "--skip-preview", "--suppress-outputs")
	state, err := e.account.State(t.Context())
	require.NoError(t, err)
	for _, i := range state.Instances {
		require.True(t, i.Gone(), "%s %v", i.ID, i.Tags)
	}
}
