package program_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/release"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
)

var update = flag.Bool("update", false, "write the golden files")

// outputsOf are a stack's outputs as `pulumi stack output --json` prints them,
// with secrets covered.
func outputsOf(t *testing.T, r *recording.Recording) []byte {
	t.Helper()
	values := map[string]any{}
	for name, o := range r.Outputs {
		values[name] = o.Value
		if o.Secret {
			values[name] = "[secret]"
		}
	}
	raw, err := json.MarshalIndent(values, "", "  ")
	require.NoError(t, err)
	return append(raw, '\n')
}

func TestTheOutputsAreTheOnesInTheGoldenFiles(t *testing.T) {
	for _, stack := range stacks {
		recorded := stackOf(t, stack).record(t)
		got := string(outputsOf(t, recorded))
		if pointer := recorded.Named("release-pointer").Text("value"); stack != "account" {
			require.True(t, release.IsSum(pointer), "%q", pointer)
			got = strings.ReplaceAll(got, pointer, "[SHA-256 of the manifest]") // it changes with all that is released
		}
		golden := filepath.Join("testdata", "outputs."+stack+".json")
		if *update {
			require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		assert.Equal(t, string(want), got, "%s: others read these. go test ./stacks/program -update writes it anew", golden)
	}
}

func TestTheOutputsAreReadBack(t *testing.T) {
	for _, stack := range []string{"local", "test", "prod"} {
		recorded := stackOf(t, stack).record(t)
		e, err := outputs.ReadEnvironment(outputsOf(t, recorded))
		require.NoError(t, err)
		assert.Equal(t, stack, e.Environment)
		assert.Equal(t, recorded.Named("release-pointer").Text("value"), e.Release.Manifest)
		assert.Equal(t, "source-0123456789ab", e.Release.Version)
		assert.Equal(t, "pool-gpu-template-id", e.Pools["gpu"].LaunchTemplateID)
		assert.Equal(t, recorded.Named("pool-gpu-template").Text("imageId"), e.Pools["gpu"].AMI)
		assert.Len(t, e.SubnetIDs, 2)
	}
	a, err := outputs.ReadAccount(outputsOf(t, stackOf(t, "account").record(t)))
	require.NoError(t, err)
	assert.Equal(t, "arn:aws:kms:us-west-2:123456789012:key/state-key-id", a.StateKMSKeyARN)
}

func TestPeopleReachTheAllocatorByItsNameOrItsAddress(t *testing.T) {
	for _, c := range []struct{ why, stack, dns, tls, url, agents string }{
		{"a name with a record", "test", `{"provider": "route53", "domain": "lab.example.org"}`, `{"email": "lab@example.org"}`, "https://lab.example.org", "https://10.20.0.10"},
		{"a name that is pointed by hand", "test", `{"domain": "lab.example.org"}`, `{"email": "lab@example.org"}`, "https://lab.example.org", "https://10.20.0.10"},
		{"a name without TLS", "test", `{"domain": "lab.example.org"}`, `{"mode": "none"}`, "http://lab.example.org", "http://10.20.0.10"},
		{"no name", "local", "{}", "{}", "http://203.0.113.10", "http://10.20.0.10"},
	} {
		r := stackOf(t, c.stack).set(map[string]string{"lablink:dns": c.dns, "lablink:tls": c.tls})
		r.account.HostedZones = map[string][]string{"example.org": {"Z1"}}
		recorded := r.record(t)
		assert.Equal(t, c.url, recorded.Outputs["url"].Value, c.why)
		assert.Equal(t, c.agents, recorded.Outputs["agentUrl"].Value, c.why)
		assert.Equal(t, strings.Contains(c.dns, "route53"), recorded.Named("dns-record").Name != "", c.why)
	}
}
