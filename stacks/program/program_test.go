package program_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	manifest "github.com/talmolab/lablink-infrastructure/api/release"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/infra/release/build"
	"github.com/talmolab/lablink-infrastructure/infra/release/published"
	"github.com/talmolab/lablink-infrastructure/stacks/program"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// stacks are those that this working copy configures.
var stacks = []string{"local", "test", "prod", "account"}

// deployment is the name under which they run here, whatever it is in their files.
const deployment = "lablink"

// run is one run of the program.
type run struct {
	stack   string
	config  map[string]string
	account recording.Account
	builder *builder
}

// stackOf is a run of a stack of this working copy in an account that fits it.
func stackOf(t *testing.T, stack string) *run {
	t.Helper()
	config, err := recording.StackFile("../..", stack)
	require.NoError(t, err)
	config["lablink:deployment"] = deployment
	return newRun(t, stack, config)
}

func newRun(t *testing.T, stack string, config map[string]string) *run {
	t.Helper()
	r := &run{stack: stack, config: config, builder: &builder{commit: build.Commit{ID: "0123456789abcdef", Published: true}}}
	return r.fit(t)
}

// fit makes the account one that fits the settings.
func (r *run) fit(t *testing.T) *run {
	t.Helper()
	s, err := settings.Load(r.stack, r.config)
	require.NoError(t, err)
	r.account = accountFor(s)
	return r
}

// set changes settings.
func (r *run) set(changes map[string]string) *run {
	maps.Copy(r.config, changes)
	return r
}

// do runs the program.
func (r *run) do(opts ...pulumi.RunOption) (*recording.Recording, error) {
	opts = append([]pulumi.RunOption{recording.Secrets("lablink:adminPassword", "cloudflare:apiToken")}, opts...)
	return recording.Run(r.stack, r.account, program.Program{Builder: r.builder, Config: r.config}.Run, opts...)
}

// record runs the program, which must work.
func (r *run) record(t *testing.T) *recording.Recording {
	t.Helper()
	out, err := r.do()
	require.NoError(t, err)
	return out
}

// preview runs the program as a preview does, which must work.
func (r *run) preview(t *testing.T) *recording.Recording {
	t.Helper()
	out, err := r.do(recording.Preview)
	require.NoError(t, err)
	return out
}

// builder pretends to build.
type builder struct {
	commit           build.Commit
	err              error
	begun            bool
	allocator, agent []string // what was asked for; nil before that
	from             published.Source
}

func (b *builder) Begin(context.Context) { b.begun = true }

func (b *builder) Fetch(ctx context.Context, from published.Source, allocator, agent []string) (build.Binaries, error) {
	out, err := b.Build(ctx, allocator, agent)
	b.from, out.Source.Version = from, from.Version
	return out, err
}

func (b *builder) Build(_ context.Context, allocator, agent []string) (build.Binaries, error) {
	b.allocator, b.agent = allocator, agent
	out := build.Binaries{Source: build.Source{Version: "source-0123456789ab", Changed: time.Unix(1_750_000_000, 0).UTC()}}
	artifact := func(binary, platform string) build.Artifact {
		return build.Artifact{Binary: binary, Platform: platform, Path: "/built/" + binary, SHA256: manifest.Sum([]byte(binary + platform)), Bytes: 1}
	}
	for _, platform := range allocator {
		out.Allocator = append(out.Allocator, artifact("lablink-allocator", platform))
	}
	for _, platform := range agent {
		out.Agent = append(out.Agent, artifact("lablink-agent", platform))
	}
	return out, b.err
}

func (b *builder) Commit(context.Context) (build.Commit, error) { return b.commit, b.err }

func TestProductionDeploysOnlyCommitsThatOthersCanRead(t *testing.T) {
	for _, c := range []struct {
		why    string
		commit build.Commit
		err    error
		says   string
	}{
		{"uncommitted changes", build.Commit{ID: "0123456789abcdef", Dirty: true, Published: true}, nil, "has uncommitted changes"},
		{"a commit on no remote", build.Commit{ID: "0123456789abcdef"}, nil, "is on no remote"},
		{"no repository", build.Commit{}, errors.New("not a git repository"), "the commit cannot be found"},
	} {
		r := stackOf(t, "prod")
		r.builder.commit, r.builder.err = c.commit, c.err
		recorded, err := r.do()
		assert.ErrorContains(t, err, c.says, c.why)
		assert.ErrorContains(t, err, "lablink:allocator.version", c.why)
		assert.Empty(t, recorded.Names(), c.why)
		assert.Nil(t, r.builder.allocator, "nothing is built: %s", c.why)

		if c.err == nil { // the same builder builds
			preview, err := r.do(recording.Preview)
			require.NoError(t, err, "a preview goes on: %s", c.why)
			require.Len(t, preview.Warnings, 1, c.why)
			assert.Contains(t, preview.Warnings[0], c.says)
			assert.NotEmpty(t, preview.Names(), c.why)
		}

		other := stackOf(t, "test")
		other.builder.commit = c.commit
		_, err = other.do()
		assert.NoError(t, err, "%s outside production", c.why)
	}
}

func TestTheReleaseIsBuiltForTheArchitecturesInUse(t *testing.T) {
	r := stackOf(t, "test").set(map[string]string{
		"lablink:pools": `[{"name": "a", "instanceTypes": ["g5.xlarge"], "image": {"id": "ami-00000001"}, "maxMachines": 1},
			{"name": "b", "instanceTypes": ["g4dn.xlarge"], "image": {"id": "ami-00000001"}, "maxMachines": 1},
			{"name": "c", "instanceTypes": ["g5g.xlarge"], "image": {"id": "ami-00000002"}, "maxMachines": 1}]`,
	}).fit(t)
	r.record(t)
	assert.True(t, r.builder.begun)
	assert.Equal(t, []string{"linux/arm64"}, r.builder.allocator)
	assert.Equal(t, []string{"linux/amd64", "linux/arm64"}, r.builder.agent, "each once")
}
