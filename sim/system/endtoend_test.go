package system

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/control"
	"github.com/talmolab/lablink-infrastructure/sim/launcher"
)

// onThisComputer makes the template of end-to-end tests one whose machines start here.
var onThisComputer = strings.NewReplacer(
	"instanceType: t4g.small", "instanceType: sim.small\n    ami: ami-051700000000000a1",
	"instanceTypes: [t3.small]", "instanceTypes: [sim.gpu]",
	"ssmParameter: /aws/service/debian/release/12/latest/amd64", "id: ami-051700000000000a2",
)

// What the workflow end-to-end runs: on a stack that is not there, on one that a run
// before has left, and with a failure in the middle.
func TestAnEndToEndRunLeavesNothing(t *testing.T) {
	e := start(t)
	raw, err := os.ReadFile(filepath.Join(e.root, "stacks", "templates", "end-to-end.yaml"))
	require.NoError(t, err)
	s := launcher.Stack{Name: "test-e2e", File: filepath.Join(e.root, "Pulumi.test-e2e.yaml")}
	require.NoError(t, os.WriteFile(s.File, []byte(onThisComputer.Replace(string(raw))), 0o644))
	t.Cleanup(func() { require.NoError(t, os.Remove(s.File)) })
	require.NoError(t, e.Ensure(t.Context(), s))
	door := freeAddress(t)
	const first = "203.0.113.1" // the address that the account gives away first
	require.NoError(t, e.account.OpenDoor(t.Context(), control.Door{Listen: door, Address: first, Port: 80}))
	run := func(target string) (string, error) {
		t.Helper()
		cmd := e.command(t, "make", target, "STACK=test-e2e")
		for _, v := range e.Variables() {
			cmd.Env = append(cmd.Env, v.Name+"="+v.Value)
		}
		cmd.Env = append(cmd.Env, "LABLINK_URL=http://"+door)
		out, err := cmd.CombinedOutput()
		t.Logf("make %s\n%s", target, out)
		return string(out), err
	}
	nothing := func(said string) {
		t.Helper()
		require.True(t, strings.HasSuffix(strings.TrimSpace(said), "Nothing of test-e2e is left."))
		require.Contains(t, said, "Looked for in AWS by the environment's tags: nothing more is there.")
		require.Empty(t, e.deployed(t, s))
		state, err := e.account.State(t.Context())
		require.NoError(t, err)
		for _, i := range state.Instances {
			require.True(t, i.Gone(), "%s %v", i.ID, i.Tags)
		}
	}

	said, err := run("end-to-end")
	require.NoError(t, err)
	require.Regexp(t, `tunnel +ok +the machine answers with `, said, "a seat was taken")
	nothing(said)

	require.NoError(t, e.account.SetFaults(t.Context(), cloud.Faults{InsufficientCapacity: []cloud.CapacityFault{{InstanceType: "sim.small"}}}))
	said, err = run("end-to-end")
	require.Error(t, err, "its host did not start")
	require.Contains(t, said, "InsufficientInstanceCapacity")
	nothing(said[:strings.LastIndex(said, "make: ***")])
	require.NoError(t, e.account.SetFaults(t.Context(), cloud.Faults{}))

	e.must(t, s, "up", "--yes", "--skip-preview", "--suppress-outputs") // by a run that was cut short
	require.NotEmpty(t, e.deployed(t, s))
	said, err = run("end-to-end-clean")
	require.NoError(t, err)
	nothing(said)
}
