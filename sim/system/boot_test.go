//go:build boot

package system

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/control"
	"github.com/talmolab/lablink-infrastructure/sim/launcher"
	"github.com/talmolab/lablink-infrastructure/sim/nspawn"
	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
)

// A system takes longer to boot than processes to start.
func init() { patience = 10 * time.Minute }

// nativeTypes are machines of a template as this computer can boot them; all else is as
// the template says.
var nativeTypes = strings.NewReplacer(
	"    ami: ami-0d12a364000000001\n", "    instanceType: sim.small\n    ami: ami-051700000000000a1\n",
	"    instanceType: t4g.small\n    address: dynamic\n", "    instanceType: sim.small\n    ami: ami-051700000000000a1\n    address: dynamic\n",
	"    address: dynamic\n", "    instanceType: sim.small\n    ami: ami-051700000000000a1\n    address: dynamic\n",
	"[g5.xlarge, g6.xlarge, g4dn.xlarge]", "[sim.gpu]", "ami-0d1a6000000000003", "ami-051700000000000a2",
	"[t3.small, t3.medium]", "[sim.small]", "[t3.small]", "[sim.small]", "ssmParameter: /aws/service/debian/release/12/latest/amd64", "id: ami-051700000000000a2",
)

// existing is the network that the template existing-vpc names.
var existing = cloud.Seed{
	VPCs: []cloud.VPC{{ID: "vpc-0123456789abcdef0", CidrBlock: "10.0.0.0/16"}},
	Subnets: []cloud.Subnet{
		{ID: "subnet-0123456789abcdef0", VPCID: "vpc-0123456789abcdef0", AvailabilityZone: "us-west-2a", CidrBlock: "10.0.0.0/24"},
		{ID: "subnet-0123456789abcdef1", VPCID: "vpc-0123456789abcdef0", AvailabilityZone: "us-west-2b", CidrBlock: "10.0.1.0/24"},
	},
}

// startContainers is the engine before an account whose machines are containers.
func startContainers(t *testing.T) *engine {
	t.Helper()
	dir, err := filepath.Abs("../../.lablink/base")
	require.NoError(t, err)
	base, err := nspawn.Build(t.Context(), dir)
	require.NoError(t, err)
	raw, err := json.Marshal(existing)
	require.NoError(t, err)
	seed := filepath.Join(t.TempDir(), "seed.json")
	require.NoError(t, os.WriteFile(seed, raw, 0o644))
	e := start(t, "--base", base, "--seed", seed)
	state, err := e.account.State(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			logConsoles(t, state.Dir)
			e.logJournals(t)
		}
	})
	return e
}

// logConsoles tells what the machines of a simulator have said.
func logConsoles(t *testing.T, dir string) {
	t.Helper()
	consoles, err := filepath.Glob(filepath.Join(dir, "instances", "*", "console.log"))
	require.NoError(t, err)
	for _, name := range consoles {
		said, err := os.ReadFile(name)
		require.NoError(t, err)
		t.Logf("%s\n%s", name, said)
	}
}

// logJournals tells what LabLink's units have said on the machines that run.
func (e *engine) logJournals(t *testing.T) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	state, err := e.account.State(ctx)
	if err != nil {
		t.Log("there is no account any more to ask:", err)
		return
	}
	for _, m := range guests(state, "") {
		pid, err := nspawn.PID(m.dir)
		said := ""
		if err == nil {
			said, err = nspawn.Run(ctx, pid, "journalctl", "--no-pager", "--lines=150", "--unit=lablink-*")
		}
		t.Logf("%s %v\n%s", m.ID, err, said)
	}
}

// template deploys a stack that a template configures.
func (e *engine) template(t *testing.T, name string) (launcher.Stack, outputs.Environment) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(e.root, launcher.Templates, name+".yaml"))
	require.NoError(t, err)
	s := launcher.Stack{Name: "test", File: filepath.Join(t.TempDir(), "Pulumi.test.yaml")}
	require.NoError(t, os.WriteFile(s.File, []byte(nativeTypes.Replace(string(raw))), 0o644))
	require.NoError(t, e.Ensure(t.Context(), s))
	if name == "cloudflare" {
		e.must(t, s, "config", "set", "--secret", "cloudflare:apiToken", cloud.CloudflareToken)
	}
	e.must(t, s, "up", "--yes", "--skip-preview", "--suppress-outputs")
	out, err := e.Environment(t.Context(), s)
	require.NoError(t, err)
	return s, out
}

// guest is a machine that boots as a container.
type guest struct {
	cloud.Instance
	dir string
}

// booted are the machines that somebody launched, "pulumi" or "allocator"; all for "".
func (e *engine) booted(t *testing.T, by string) []guest {
	t.Helper()
	state, err := e.account.State(t.Context())
	require.NoError(t, err)
	return guests(state, by)
}

func guests(state control.State, by string) (out []guest) {
	for _, i := range state.Instances {
		if !i.Gone() && (by == "" || i.Tags["lablink:managed-by"] == by) {
			out = append(out, guest{i, filepath.Join(state.Dir, "instances", i.ID)})
		}
	}
	return out
}

func (e *engine) theOne(t *testing.T, by string) guest {
	t.Helper()
	all := e.booted(t, by)
	require.Len(t, all, 1, by)
	return all[0]
}

func (m guest) pid(t *testing.T) int {
	t.Helper()
	pid, err := nspawn.PID(m.dir)
	require.NoError(t, err)
	return pid
}

// run runs a command on the machine, which must succeed.
func (m guest) run(t *testing.T, command ...string) string {
	t.Helper()
	out, err := nspawn.Run(t.Context(), m.pid(t), command...)
	require.NoError(t, err)
	return strings.TrimSpace(out)
}

// plugged plugs its cable in, or pulls it out.
func (m guest) plugged(t *testing.T, in bool) {
	t.Helper()
	require.NoError(t, nspawn.Plugged(t.Context(), m.pid(t), in))
}
