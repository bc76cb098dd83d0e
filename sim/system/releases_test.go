package system

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/release"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/control"
	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
)

// undone is how long the host may take to serve the release before again, from
// the moment that the pointer is set.
const undone = time.Minute

// broken are releases with one fault each, and what the host says of them, as a regular
// expression. Each is the allocator, built from its source but for a file.
var broken = []struct {
	name, reason string
	file         string // that is changed or, without from, added
	from, to     string
	deployed     bool                                            // by pulumi up, and not by setting the pointer
	spoil        func(*testing.T, *artifacts, *release.Manifest) // what is published
}{
	{name: "exits at start", reason: `its rehearsal ended before it was ready \(exit status 1\): lablink-allocator: no such luck`,
		file: serveFile, from: "log := slog.Default()\n", to: "log := slog.Default()\n\tif len(c.Data) == 0 {\n\t\treturn errors.New(\"no such luck\")\n\t}\n"},
	{name: "serves and then exits", reason: "after it was ready|it ended as soon as it had started", deployed: true,
		file: serveFile, from: "a.log.Info(\"the allocator is ready\"", to: "if !a.rehearsal {\n\t\ttime.AfterFunc(3*time.Second, func() { os.Exit(1) })\n\t}\n\ta.log.Info(\"the allocator is ready\""},
	{name: "hangs", reason: "its rehearsal was not ready within 15s: it does not answer",
		file: serveFile, from: "log := slog.Default()\n", to: "log := slog.Default()\n\tif log != nil {\n\t\ttime.Sleep(time.Hour)\n\t}\n"},
	{name: "is never ready", reason: "its rehearsal was not ready within 15s: it is not ready: database: it is locked",
		file: serveFile, from: "checks := a.checks()\n", to: "checks := append(a.checks(), web.NamedCheck{Name: \"database\", Check: func(context.Context) error { return errors.New(\"it is locked\") }})\n"},
	{name: "fails its migration", reason: "migrate the database: ",
		file: "allocator/sqlite/migrations/900_broken.sql", to: "-- +goose Up\nDELETE FROM users;\nALTER TABLE no_such_table ADD COLUMN x TEXT;\n"},
	{name: "has a wrong checksum", reason: "it was changed or cut short", spoil: func(_ *testing.T, _ *artifacts, m *release.Manifest) {
		f := m.Allocator[native]
		f.SHA256 = strings.Repeat("5", 64)
		m.Allocator[native] = f
	}},
	{name: "points at a missing object", reason: "there is no such object", spoil: func(_ *testing.T, _ *artifacts, m *release.Manifest) {
		f := m.Allocator[native]
		f.Key, f.SHA256 = "artifacts/gone", strings.Repeat("6", 64)
		m.Allocator[native] = f
	}},
}

const (
	native    = "linux/" + runtime.GOARCH
	serveFile = "allocator/cmd/lablink-allocator/serve.go"
)

// artifacts is the artifact bucket of a stack, and its pointer.
type artifacts struct {
	s3     *s3.Client
	ssm    *ssm.Client
	bucket string
	name   string // the pointer's
}

func (l *local) artifacts(t *testing.T, out outputs.Environment) *artifacts {
	t.Helper()
	account, err := l.StartSimulator(t.Context())
	require.NoError(t, err)
	return artifactsOf(account, out)
}

func artifactsOf(account *control.Client, out outputs.Environment) *artifacts {
	c := aws.Config{
		Region: "us-west-2", BaseEndpoint: &account.URL,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: cloud.DeveloperKey, SecretAccessKey: cloud.DeveloperSecret}, nil
		}),
	}
	return &artifacts{
		s3: s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true }), ssm: ssm.NewFromConfig(c),
		bucket: out.ArtifactBucket, name: "/lablink/" + out.Deployment + "/" + out.Environment + "/release",
	}
}

func (a *artifacts) put(t *testing.T, key string, raw []byte) {
	t.Helper()
	_, err := a.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &a.bucket, Key: &key, Body: bytes.NewReader(raw)})
	require.NoError(t, err)
}

func (a *artifacts) manifest(t *testing.T, sum string) release.Manifest {
	t.Helper()
	got, err := a.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &a.bucket, Key: aws.String(release.Key(sum))})
	require.NoError(t, err)
	raw, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	m, err := release.Decode(raw, sum)
	require.NoError(t, err)
	return m
}

// publish puts a manifest into the bucket.
func (a *artifacts) publish(t *testing.T, m release.Manifest) string {
	t.Helper()
	raw, sum, err := m.Encode()
	require.NoError(t, err)
	a.put(t, release.Key(sum), raw)
	return sum
}

// point sets the pointer.
func (a *artifacts) point(t *testing.T, sum string) {
	t.Helper()
	_, err := a.ssm.PutParameter(t.Context(), &ssm.PutParameterInput{Name: &a.name, Value: &sum, Overwrite: aws.Bool(true)})
	require.NoError(t, err)
}

// buildBroken builds the allocator from its source with one file that is another.
func buildBroken(t *testing.T, root, file, from, to string) []byte {
	t.Helper()
	dir := t.TempDir()
	text := to
	if from != "" {
		raw, err := os.ReadFile(filepath.Join(root, file))
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(string(raw), from), "%s does not have %q once", file, from)
		text = strings.Replace(string(raw), from, to, 1)
	}
	other := filepath.Join(dir, filepath.Base(file))
	require.NoError(t, os.WriteFile(other, []byte(text), 0o644))
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, file): other}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o644))
	program := filepath.Join(dir, "lablink-allocator")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-overlay", filepath.Join(dir, "overlay.json"),
		"-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false", "-ldflags=-s -w -X main.version=broken", "-o", program, "./allocator/cmd/lablink-allocator")
	cmd.Dir, cmd.Env = root, append(environment(), "CGO_ENABLED=0", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	raw, err := os.ReadFile(program)
	require.NoError(t, err)
	return raw
}

// Seven releases that are no good follow each other, and then a good one.
func TestABrokenReleaseIsUndoneByTheHostAndAGoodOneServes(t *testing.T) {
	l := up(t)
	p, err := l.Pulumi(t.Context())
	require.NoError(t, err)
	out := l.outputs(t, p)
	good, a, admin := out.Release.Manifest, l.artifacts(t, out), l.admin(t)
	w := l.open(t, admin, 2)
	l.await(t, admin, w, 2)
	callers := l.call(t, w)
	tunnels := l.watchTunnels(t, admin, 2)

	for _, b := range broken {
		var bad string
		var set time.Time
		if b.deployed {
			callers.begin()
			tunnels.begin()
			restore := l.change(t, b.file, b.from, b.to)
			require.NoError(t, p.Run(t.Context(), "up", "--stack", "local", "--yes", "--skip-preview", "--suppress-outputs"))
			restore()
			bad, set = l.outputs(t, p).Release.Manifest, time.Now()
		} else {
			m := a.manifest(t, good)
			m.Version = "broken: " + b.name
			if b.spoil != nil {
				b.spoil(t, a, &m)
			} else {
				raw := buildBroken(t, l.Root, b.file, b.from, b.to)
				f := release.File{SHA256: release.Sum(raw), Bytes: int64(len(raw))}
				f.Key = release.ArtifactKey("lablink-allocator", native, f.SHA256)
				a.put(t, f.Key, raw)
				m.Allocator = map[string]release.File{native: f}
			}
			bad, set = a.publish(t, m), time.Now()
			callers.begin()
			tunnels.begin()
			a.point(t, bad)
		}
		eventually(t, "the host gives up a release that "+b.name, func() bool {
			now, err := l.person(t).Ready(t.Context())
			return err == nil && now.Ready && now.Release == good && now.Failed != nil && now.Failed.Release == bad
		})
		took := time.Since(set)
		now, err := l.person(t).Ready(t.Context())
		require.NoError(t, err)
		t.Logf("a release that %s was undone after %s: %s", b.name, took.Round(time.Second/10), now.Failed.Reason)
		require.Less(t, took, undone, b.name)
		require.Equal(t, now.Wanted, bad)
		require.Regexp(t, b.reason, now.Failed.Reason)
		tunnels.check(t, b.name)
		callers.check(t, b.name)
		said, code := l.lablink(t, "verify", "--stack", "local")
		require.Equal(t, 1, code, said)
		require.Regexp(t, b.reason, said)
	}
	l.deployOneLine(t, p, func() { callers.begin(); tunnels.begin() })
	said, code := l.lablink(t, "verify", "--stack", "local", "--wait", "1m")
	require.Zero(t, code, said)
	tunnels.check(t, "a good release")
	callers.check(t, "a good release")
	said, code = l.lablink(t, "release", "list", "--stack", "local")
	require.Zero(t, code, said)
	require.Contains(t, said, "current, wanted")
	require.Contains(t, said, "broken: hangs")
	l.rollBack(t, good, func() { callers.begin(); tunnels.begin() })
	tunnels.check(t, "a release that was gone back to")
	callers.check(t, "a release that was gone back to")
	callers.stop()
	tunnels.stop()
	eventually(t, "the agents follow, as nobody holds their machines", func() bool {
		for _, m := range l.machines(t, admin) {
			if m.AgentRelease != good || !m.Connected {
				return false
			}
		}
		return true
	})
}

// rollBack goes back to a release, by which the stack's file says so and keeps what
// else it says.
func (l *local) rollBack(t *testing.T, sum string, begin func()) {
	t.Helper()
	name := filepath.Join(l.Root, "Pulumi.local.yaml")
	before, err := os.ReadFile(name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.WriteFile(name, before, 0o644)) })
	begin()
	said, code := l.lablink(t, "release", "rollback", "--stack", "local", "--to", sum)
	require.Zero(t, code, said)
	after, err := os.ReadFile(name)
	require.NoError(t, err)
	line := "    version: sha256:" + sum + "\n"
	require.Contains(t, string(after), line)
	require.Equal(t, string(before), strings.Replace(string(after), line, "", 1))
	said, code = l.lablink(t, "verify", "--stack", "local", "--wait", patience.String())
	require.Zero(t, code, said)
	require.Contains(t, said, "release "+sum[:12])
}

// change changes a file of the copy, and changes it back.
func (l *local) change(t *testing.T, file, from, to string) (restore func()) {
	t.Helper()
	name := filepath.Join(l.Root, file)
	before, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(before), from), "%s does not have %q once", file, from)
	restore = func() { require.NoError(t, os.WriteFile(name, before, 0o644)) }
	t.Cleanup(restore)
	require.NoError(t, os.WriteFile(name, []byte(strings.Replace(string(before), from, to, 1)), 0o644))
	return restore
}

// lablink calls the operator's command, as people do in their shell.
func (l *local) lablink(t *testing.T, args ...string) (said string, code int) {
	t.Helper()
	out, err := l.operator(t, args...).CombinedOutput()
	t.Logf("lablink %s\n%s", strings.Join(args, " "), out)
	var ended *exec.ExitError
	if err != nil {
		require.ErrorAs(t, err, &ended)
		return string(out), ended.ExitCode()
	}
	return string(out), 0
}

// operator is a call of the operator's command in such a shell.
func (l *local) operator(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	exports := l.make(t, "env")
	cmd := exec.CommandContext(t.Context(), "bash", append([]string{"-ec", exports + `
exec .lablink/bin/lablink "$@"`, "lablink"}, args...)...)
	cmd.Dir, cmd.Env = l.Root, append(environment(), "LABLINK_URL="+l.url, "LABLINK_PASSWORD="+l.password)
	return cmd
}

func (l *local) outputs(t *testing.T, p interface {
	Output(context.Context, ...string) ([]byte, error)
}) outputs.Environment {
	t.Helper()
	raw, err := p.Output(t.Context(), "stack", "output", "--json", "--stack", "local")
	require.NoError(t, err)
	out, err := outputs.ReadEnvironment(raw)
	require.NoError(t, err)
	return out
}

// deployOneLine changes a line that people see, and deploys it.
func (l *local) deployOneLine(t *testing.T, p interface {
	Output(context.Context, ...string) ([]byte, error)
	Run(context.Context, ...string) error
}, begin func()) {
	t.Helper()
	defer l.change(t, "allocator/web/templates/home.html", "<h1>", "<!-- another line --><h1>")()
	raw, err := p.Output(t.Context(), "preview", "--json", "--stack", "local")
	require.NoError(t, err)
	var plan struct {
		Steps []struct{ Op, URN string }
	}
	require.NoError(t, json.Unmarshal(raw, &plan))
	changed := 0
	for _, s := range plan.Steps {
		if s.Op == "same" || strings.Contains(s.URN, "pulumi:pulumi:Stack") {
			continue
		}
		changed++
		require.Contains(t, s.URN, "lablink:release:Release$", "%s %s", s.Op, s.URN)
	}
	require.Positive(t, changed)
	begin()
	require.NoError(t, p.Run(t.Context(), "up", "--stack", "local", "--yes", "--skip-preview", "--suppress-outputs"))
	sum := l.outputs(t, p).Release.Manifest
	eventually(t, "the release runs", func() bool {
		now, err := l.person(t).Ready(t.Context())
		return err == nil && now.Ready && now.Release == sum && now.Failed == nil
	})
}
