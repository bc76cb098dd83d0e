package program_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	manifest "github.com/talmolab/lablink-infrastructure/api/release"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/infra/release/published"
)

const hostImage = `"ami": "ami-0123456789abcdef0"`

func TestAPublishedReleaseIsDeployedAsOneThatWasBuilt(t *testing.T) {
	sum := strings.Repeat("a", 64)
	r := stackOf(t, "prod").set(map[string]string{
		"lablink:allocator": `{"version": "v1.2.0", "releaseUrl": "https://example.org/releases", "releaseSha256": "` + sum + `", ` + hostImage + `}`,
	}).fit(t)
	r.builder.commit.Dirty = true // nothing of the working copy is deployed
	recorded := r.record(t)
	assert.Equal(t, published.Source{URL: "https://example.org/releases", Version: "v1.2.0", SHA256: sum}, r.builder.from)
	assert.Equal(t, []string{"linux/arm64"}, r.builder.allocator)
	assert.Equal(t, []string{"linux/amd64"}, r.builder.agent)
	m, err := manifest.Decode([]byte(recorded.Named("release-manifest").Text("content")), recorded.Named("release-pointer").Text("value"))
	require.NoError(t, err)
	assert.Equal(t, "v1.2.0", m.Version)

	r.builder.err = errors.New("take release v1.2.0: it has no such binary")
	recorded, err = r.do()
	assert.ErrorContains(t, err, "lablink:allocator.version: take release v1.2.0")
	assert.Empty(t, recorded.Names())
}

// goingBack is a run of test whose bucket holds a release that an earlier
// deploy made, and which the settings name.
func goingBack(t *testing.T, change func(*manifest.Manifest)) (*run, string) {
	t.Helper()
	earlier := stackOf(t, "test").record(t)
	m, err := manifest.Decode([]byte(earlier.Named("release-manifest").Text("content")), earlier.Named("release-pointer").Text("value"))
	require.NoError(t, err)
	change(&m)
	raw, sum, err := m.Encode()
	require.NoError(t, err)
	r := stackOf(t, "test").set(map[string]string{"lablink:allocator": `{"version": "sha256:` + sum + `"}`})
	r.account.Objects = map[string]string{"lablink-artifacts-test-123456789012-us-west-2/releases/" + sum + ".json": string(raw)}
	return r, sum
}

func TestGoingBackToAReleaseMovesThePointerAndNothingElse(t *testing.T) {
	r, sum := goingBack(t, func(m *manifest.Manifest) { m.Version = "v1.1.0" })
	recorded := r.record(t)
	assert.Nil(t, r.builder.allocator, "nothing is built")
	assert.Equal(t, sum, recorded.Named("release-pointer").Text("value"))
	assert.Empty(t, recorded.Of("aws:s3/bucketObjectv2:BucketObjectv2"))
	out := recorded.Outputs["release"].Value.(map[string]any)
	assert.Equal(t, map[string]any{"version": "v1.1.0", "manifest": sum}, out)
	assert.Contains(t, strings.Join(recorded.Warnings, "\n"), "goes to release "+sum[:12]+" (v1.1.0) with the settings that it was made with")
	before := stackOf(t, "test").record(t)
	for _, o := range before.Of("aws:s3/bucketObjectv2:BucketObjectv2") {
		assert.True(t, o.RetainOnDelete, "%s of the deploy before stays in the bucket", o.Name)
	}
}

func TestGoingBackLooksIntoTheBucketThatTheEnvironmentUses(t *testing.T) {
	earlier, sum := goingBack(t, func(*manifest.Manifest) {})
	r := withAccount(t, accountOutputs()).set(map[string]string{"lablink:allocator": `{"version": "sha256:` + sum + `"}`})
	r.account.Objects = map[string]string{}
	for key, content := range earlier.account.Objects {
		r.account.Objects["lablink-artifacts-account"+key[strings.Index(key, "/"):]] = content
	}
	recorded := r.record(t)
	assert.Equal(t, sum, recorded.Named("release-pointer").Text("value"))
	assert.Empty(t, recorded.Of(bucket))

	r.account.Objects = earlier.account.Objects // of a bucket of its own
	_, err := r.do()
	assert.ErrorContains(t, err, "is not in the bucket lablink-artifacts-account:")
}

func TestAReleaseThatCannotBeGoneBackToIsRefusedBeforeAnythingIsDeclared(t *testing.T) {
	as := func(*manifest.Manifest) {}
	for _, c := range []struct {
		why    string
		change func(*manifest.Manifest)
		spoil  func(*run)
		says   string
	}{
		{"it is not there", as, func(r *run) { r.account.Objects = nil }, "is not in the bucket lablink-artifacts-test-123456789012-us-west-2: use one that aws s3 ls"},
		{"it was changed", as, func(r *run) {
			for key := range r.account.Objects {
				r.account.Objects[key] += " "
			}
		}, "it was changed or cut short"},
		{"no allocator for the host", func(m *manifest.Manifest) { m.Allocator = map[string]manifest.File{"linux/amd64": m.Settings} }, func(*run) {}, "has lablink-allocator for [linux/amd64], not for linux/arm64"},
		{"no agent for a pool", func(m *manifest.Manifest) { m.Agent = nil }, func(*run) {}, "has lablink-agent for [], not for linux/amd64"},
	} {
		r, _ := goingBack(t, c.change)
		c.spoil(r)
		recorded, err := r.do()
		assert.ErrorContains(t, err, "lablink:allocator.version: ", c.why)
		assert.ErrorContains(t, err, c.says, c.why)
		assert.Empty(t, recorded.Names(), c.why)
	}
}

func TestARunOfMixedArchitecturesDeploysEachAgentOnce(t *testing.T) {
	r := stackOf(t, "test").set(map[string]string{
		"lablink:allocator": `{"instanceType": "t3.small"}`,
		"lablink:pools": `[{"name": "a", "instanceTypes": ["g5.xlarge"], "image": {"id": "ami-00000001"}, "maxMachines": 1},
			{"name": "b", "instanceTypes": ["g4dn.xlarge"], "image": {"id": "ami-00000001"}, "market": "spot", "maxMachines": 1},
			{"name": "c", "instanceTypes": ["g5g.xlarge"], "image": {"id": "ami-00000002"}, "market": "spot-then-on-demand", "maxMachines": 1}]`,
	}).fit(t)
	recorded := r.record(t)
	m, err := manifest.Decode([]byte(recorded.Named("release-manifest").Text("content")), recorded.Named("release-pointer").Text("value"))
	require.NoError(t, err)
	assert.Len(t, m.Allocator, 1)
	assert.Contains(t, m.Allocator, "linux/amd64")
	assert.Len(t, m.Agent, 2)
	settings := recorded.Named("release-settings").Text("content")
	for _, market := range []string{`"market":"on-demand"`, `"market":"spot"`, `"market":"spot-then-on-demand"`} {
		assert.Contains(t, settings, market)
	}
	assert.Equal(t, "ami-00000002", recorded.Named("pool-c-template").Text("imageId"))
	assert.Contains(t, hostPolicy(recorded), "spot-instances-request")
	assert.NotContains(t, hostPolicy(stackOf(t, "test").record(t)), "spot-instances-request", "without a spot pool")
}

func hostPolicy(r *recording.Recording) string { return r.Named("host-permissions").Text("policy") }
