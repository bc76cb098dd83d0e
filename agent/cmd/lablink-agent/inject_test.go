//go:build linux

package main

import (
	"bytes"
	"io"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/internal/fakeallocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// running is an agent with simulated or real GPUs, until the test ends.
func running(t *testing.T, args ...string) *fakeallocator.Allocator {
	t.Helper()
	root(t, "")
	t.Setenv("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_SESSION_TOKEN", "token")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	fake := fakeallocator.New()
	s := httptest.NewServer(fake)
	t.Cleanup(s.Close)
	t.Cleanup(fake.Close)
	t.Cleanup(start(t, append(args, "--allocator-url="+s.URL, "--audience=lablink/lab/test", "--region=us-west-2")...))
	<-fake.Reports() // it has looked
	return fake
}

func TestAFaultThatIsInjectedIsReportedAtOnce(t *testing.T) {
	fake := running(t, "--nvml=simulated:a10g")
	var out bytes.Buffer
	require.NoError(t, execute(t.Context(), []string{"inject", "xid", "79"}, &out))
	assert.Contains(t, out.String(), "told by GPU 0")
	for r := range fake.Reports() {
		if r.Health == api.Healthy {
			continue // one that was under way
		}
		assert.Equal(t, []any{api.Unhealthy, api.Reboot}, []any{r.Health, r.Action})
		assert.Contains(t, r.Reason, "GPU 0 (NVIDIA A10G) (XID 79, the GPU has fallen off the bus)")
		break
	}
	assert.ErrorContains(t, execute(t.Context(), []string{"inject", "lost", "--gpu=3"}, io.Discard), "there is no GPU 3")
	assert.ErrorContains(t, execute(t.Context(), []string{"inject", "fire"}, io.Discard), "choose one of clear,")
}

func TestRealGPUsAreNotBrokenUnlessThatIsWanted(t *testing.T) {
	running(t, "--nvml=real")
	assert.ErrorContains(t, execute(t.Context(), []string{"inject", "xid", "79"}, io.Discard), "start it with --allow-inject if that is wanted")
}

func TestWhereNoAgentRunsNothingIsInjected(t *testing.T) {
	root(t, "")
	assert.ErrorContains(t, execute(t.Context(), []string{"inject", "clear"}, io.Discard), "no agent takes orders")
}
