package cli_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/cli"
	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
)

// deployment is a stack, what answers at its address, and its releases.
type deployment struct {
	stack    outputs.Environment
	noStack  error
	ready    api.Ready
	asked    atomic.Int32
	after    int32 // how many askings it takes until ready is true
	before   api.Ready
	settings string            // as pulumi config --json tells them
	doors    map[string]string // where ports of the network lead on this computer
	roots    *x509.CertPool
	resolver *net.Resolver
	stored   []cli.Stored
	raw      map[string][]byte
	pointer  string
	called   []string
	commands []string
	width    int
}

func sum(letter string) string { return strings.Repeat(letter, 64) }

// deploy has release b deployed, and running.
func deploy(t *testing.T) *deployment {
	t.Helper()
	d := &deployment{ready: api.Ready{Ready: true, Version: "v2", Release: sum("b"), Rollout: api.Rollout{Wanted: sum("b")}}, raw: map[string][]byte{}}
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	d.stack = outputs.Environment{
		ContractVersion: outputs.Version, Deployment: "lab", Environment: "test", URL: server.URL, ArtifactBucket: "the-bucket",
		Release: outputs.Release{Version: "v2", Manifest: sum("b")},
	}
	return d
}

// ServeHTTP is the allocator.
func (d *deployment) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	ready := d.ready
	if d.asked.Add(1) <= d.after {
		ready = d.before
	}
	if !ready.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(ready)
}

// Output is pulumi's.
func (d *deployment) Output(_ context.Context, args ...string) ([]byte, error) {
	d.called = append(d.called, strings.Join(args, " "))
	switch {
	case args[0] == "config" && args[1] == "--json":
		return []byte(d.settings), d.noStack
	case args[0] == "config":
		return []byte("us-west-2\n"), d.noStack
	}
	raw, err := json.Marshal(d.stack)
	return raw, errors.Join(err, d.noStack)
}

// Run is pulumi's.
func (d *deployment) Run(_ context.Context, args ...string) error {
	d.commands = append(d.commands, strings.Join(args, " "))
	return nil
}

// dial is the network, in which ports of all addresses lead to the same doors.
func (d *deployment) dial(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, d.doors[port])
}

func (d *deployment) lablink(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var c cli.Commands
	var out bytes.Buffer
	c.Out, c.Engine, c.Roots, c.Resolver, c.Width = &out, d, d.roots, d.resolver, d.width
	if d.doors != nil {
		c.Dial = d.dial
	}
	c.OpenArtifacts = func(_ context.Context, region, bucket, pointer string) (cli.Artifacts, error) {
		require.Equal(t, []string{"us-west-2", "the-bucket", "/lablink/lab/test/release"}, []string{region, bucket, pointer})
		return d, nil
	}
	parser, err := kong.New(&c, kong.Bind(&c.Globals), kong.BindTo(t.Context(), (*context.Context)(nil)))
	require.NoError(t, err)
	command, err := parser.Parse(args)
	require.NoError(t, err)
	err = command.Run(&c.Globals)
	return out.String(), err
}

func TestVerifyComparesTheStackWithWhatRuns(t *testing.T) {
	d := deploy(t)
	out, err := d.lablink(t, "verify", "--stack", "test")
	require.NoError(t, err)
	require.Contains(t, out, "release bbbbbbbbbbbb (v2) runs")
	require.Equal(t, []string{"stack output --json --stack test"}, d.called)
	d.ready.Checks = append(d.ready.Checks, api.Check{Name: "ec2", Reason: "it asks to go slower", Warning: true})
	out, err = d.lablink(t, "verify")
	require.NoError(t, err, "a warning is no failure")
	require.Regexp(t, `ec2 +warning +it asks to go slower`, out)
	for name, c := range map[string]struct {
		spoil func()
		code  int
		want  string
	}{
		"another release":            {func() { d.ready.Release = sum("a") }, 1, "release aaaaaaaaaaaa (v2) runs, not bbbbbbbbbbbb (v2)"},
		"another version":            {func() { d.ready.Version = "v1" }, 1, "(v1) runs, not bbbbbbbbbbbb (v2)"},
		"a pointer set elsewhere":    {func() { d.ready.Wanted = sum("c") }, 1, "the host was told to run release cccccccccccc"},
		"not ready without a reason": {func() { d.ready.Ready = false }, 1, "it is not ready, and not why"},
		"not ready":                  {func() { d.ready.Ready, d.ready.Checks = false, []api.Check{{Name: "database", Reason: "it is locked"}} }, 1, "it is locked"},
		"a release that was given up": {func() {
			d.ready.Release, d.ready.Failed = sum("a"), &api.FailedRelease{Release: sum("b"), Reason: "it hangs"}
		}, 1, "was given up at 0001-01-01 05:30 IST: it hangs. It stays so until the pointer is set, and new machines begin with it"},
		"a host without room": {func() { d.ready.Release, d.ready.Waiting = sum("a"), "the data volume has 3 MiB free" }, 1,
			"the host goes on trying to come to release bbbbbbbbbbbb: the data volume has 3 MiB free"},
		"no stack":                {func() { d.noStack = errors.New("no stack selected") }, 2, "no stack selected"},
		"nothing deployed":        {func() { d.stack.Release = outputs.Release{} }, 2, "was it deployed?"},
		"nobody answers":          {func() { d.stack.URL = "http://127.0.0.1:1" }, 2, "connection refused"},
		"another address":         {func() { d.stack.URL = "http://127.0.0.1:1" }, 2, "127.0.0.1:1 does not answer as the allocator does"},
		"an address that is none": {func() { d.stack.URL = "lab" }, 2, "the address \"lab\" is not one"},
		"no address":              {func() { d.stack.URL = "" }, 2, "give --url"},
	} {
		t.Run(name, func(t *testing.T) {
			stack, ready := d.stack, d.ready
			defer func() { d.stack, d.ready, d.noStack = stack, ready, nil }()
			c.spoil()
			_, err := d.lablink(t, "verify")
			require.ErrorContains(t, err, c.want)
			require.Equal(t, c.code, cli.ExitCode(err))
		})
	}
}

func TestVerifyDoesNotJudgeAnotherDeploymentThanTheStacks(t *testing.T) {
	for url, stack := range map[string][2]string{
		"https://test.lab.example.org": {"https://lab.example.org", "203.0.113.5"},
		"http://203.0.113.9":           {"http://203.0.113.5", "203.0.113.5"},
	} {
		d := deploy(t)
		d.doors = map[string]string{} // none leads anywhere
		d.settings, d.stack.URL, d.stack.PublicAddress = acme, stack[0], stack[1]
		t.Setenv("LABLINK_URL", url)
		_, err := d.lablink(t, "verify", "--stack", "prod")
		require.ErrorContains(t, err, url+" is neither "+stack[0]+" nor "+stack[1]+", where the stack is: unset LABLINK_URL")
		require.Equal(t, 2, cli.ExitCode(err))
		require.Zero(t, d.asked.Load())
	}
}

func TestVerifyAsksAStackByItsNameItsAddressOrATunnelOnThisComputer(t *testing.T) {
	d := deploy(t)
	tunnel := d.stack.URL
	_, port, _ := strings.Cut(strings.TrimPrefix(tunnel, "http://"), ":")
	d.doors = map[string]string{"80": strings.TrimPrefix(tunnel, "http://"), port: strings.TrimPrefix(tunnel, "http://")}
	d.settings, d.stack.URL, d.stack.PublicAddress = acme, "http://lab.example.org", "203.0.113.5"
	d.named(t, map[string][]string{"lab.example.org": {"203.0.113.5"}})
	for _, url := range []string{"http://LAB.example.org", "http://203.0.113.5", tunnel, "http://localhost:" + port} {
		out, err := d.lablink(t, "verify", "--stack", "test", "--url", url)
		require.NoError(t, err, "%s\n%s", url, out)
	}
}

func TestVerifyWaitsForARolloutAndNotForOneThatFailed(t *testing.T) {
	d := deploy(t)
	d.before, d.after = api.Ready{Ready: true, Version: "v1", Release: sum("a")}, 1
	_, err := d.lablink(t, "verify", "--wait", "1m")
	require.NoError(t, err)
	require.EqualValues(t, 2, d.asked.Load())

	d.ready.Release = sum("a")
	_, err = d.lablink(t, "verify", "--wait", "10ms")
	require.ErrorContains(t, err, "after 10ms: ")
	require.Equal(t, 1, cli.ExitCode(err), "what is not so by then has failed")
	d.ready.Failed = &api.FailedRelease{Release: sum("b"), Reason: "it hangs"}
	d.asked.Store(1)
	_, err = d.lablink(t, "verify", "--wait", "1h")
	require.ErrorContains(t, err, "it hangs")
	require.EqualValues(t, 2, d.asked.Load(), "waiting changes nothing")
	d.stack.URL = "http://127.0.0.1:1"
	_, err = d.lablink(t, "verify", "--wait", "10ms")
	require.Equal(t, 1, cli.ExitCode(err), "a time-out is a failure")
}

func TestVerifySaysInJSONWhatItFoundAndWhatToDo(t *testing.T) {
	d := deploy(t)
	d.ready.Failed = &api.FailedRelease{Release: sum("b"), Reason: "it hangs"}
	out, err := d.lablink(t, "verify", "--json")
	require.Equal(t, 1, cli.ExitCode(err))
	var got struct {
		OK       bool
		Release  string
		Findings []struct{ Check, State, Detail, Next string }
	}
	require.NoError(t, json.Unmarshal([]byte(out), &got))
	require.False(t, got.OK)
	require.Equal(t, sum("b"), got.Release)
	states := map[string]string{}
	for _, f := range got.Findings {
		states[f.Check] = f.State
		if f.State != "ok" {
			require.Contains(t, f.Next, "lablink release rollback")
		}
	}
	require.Equal(t, map[string]string{"name": "ok", "release": "ok", "pointer": "ok", "given up": "wrong"}, states)
}

func TestFlagsOfASeatThatDoNotFitAreRefused(t *testing.T) {
	for want, args := range map[string][]string{
		"give --seat, too":     {"verify", "--pool", "gpu"},
		"leave out --pool":     {"verify", "--seat", "--pool", "gpu", "--workshop", "code"},
		"Set LABLINK_PASSWORD": {"verify", "--seat"},
	} {
		d := deploy(t)
		_, err := d.lablink(t, args...)
		require.ErrorContains(t, err, want)
		require.Equal(t, 2, cli.ExitCode(err))
		require.Zero(t, d.asked.Load(), "nothing was asked")
	}
}
