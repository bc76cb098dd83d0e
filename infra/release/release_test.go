package release_test

import (
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	manifest "github.com/talmolab/lablink-infrastructure/api/release"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/infra/release"
	"github.com/talmolab/lablink-infrastructure/infra/release/build"
)

const object = "aws:s3/bucketObjectv2:BucketObjectv2"

// sum is a made-up SHA-256.
func sum(of string) string { return manifest.Sum([]byte(of)) }

func binaries() build.Binaries {
	return build.Binaries{
		Source:    build.Source{Version: "source-0123456789ab", Changed: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)},
		Allocator: []build.Artifact{{Binary: "lablink-allocator", Platform: "linux/arm64", Path: "/built/allocator", SHA256: sum("allocator"), Bytes: 100}},
		Agent: []build.Artifact{
			{Binary: "lablink-agent", Platform: "linux/amd64", Path: "/built/agent", SHA256: sum("agent"), Bytes: 50},
			{Binary: "lablink-agent", Platform: "linux/arm64", Path: "/built/agent-arm64", SHA256: sum("agent-arm64"), Bytes: 51},
		},
		Toolchain: manifest.Toolchain{Go: "go1.26.0", CC: "gcc 12"},
	}
}

func declare(t *testing.T, settings string, b build.Binaries) *recording.Recording {
	t.Helper()
	r, err := recording.Run("test", recording.Account{}, func(ctx *pulumi.Context) error {
		r, err := release.NewRelease(ctx, "release", &release.ReleaseArgs{
			Namer:  naming.Namer{Deployment: "lablink", Environment: "test"},
			Bucket: pulumi.String("the-bucket"), Binaries: b, Settings: pulumi.String(settings),
		})
		if err == nil {
			ctx.Export("manifest", r.Manifest)
			ctx.Export("version", r.Version)
		}
		return err
	})
	require.NoError(t, err)
	return r
}

func TestThePointerNamesAManifestThatNamesEveryObject(t *testing.T) {
	r := declare(t, `{"pools":[]}`, binaries())
	pointer := r.Named("release-pointer").Text("value")
	assert.Equal(t, pointer, r.Outputs["manifest"].Value)
	assert.Equal(t, "/lablink/lablink/test/release", r.Named("release-pointer").Text("name"))

	kept := r.Named("release-manifest")
	assert.Equal(t, "releases/"+pointer+".json", kept.Text("key"))
	m, err := manifest.Decode([]byte(kept.Text("content")), pointer)
	require.NoError(t, err)
	assert.Equal(t, manifest.Manifest{
		Version: "source-0123456789ab", Protocol: m.Protocol, CreatedAt: binaries().Source.Changed, Toolchain: binaries().Toolchain,
		Allocator: map[string]manifest.File{"linux/arm64": binaries().Allocator[0].File()},
		Agent:     map[string]manifest.File{"linux/amd64": binaries().Agent[0].File(), "linux/arm64": binaries().Agent[1].File()},
		Settings:  manifest.File{Key: "settings/" + sum(`{"pools":[]}`) + ".json", SHA256: sum(`{"pools":[]}`), Bytes: 12},
	}, m)

	named := []string{"releases/" + pointer + ".json", m.Settings.Key, m.Allocator["linux/arm64"].Key, m.Agent["linux/amd64"].Key, m.Agent["linux/arm64"].Key}
	var there []string
	for _, o := range r.Of(object) {
		assert.Equal(t, "the-bucket", o.Text("bucket"), o.Name)
		there = append(there, o.Text("key"))
	}
	assert.ElementsMatch(t, named, there)
}

func TestThePointerMovesWhenEverythingIsThere(t *testing.T) {
	r := declare(t, `{}`, binaries())
	for _, o := range r.Of(object) {
		assert.Contains(t, r.Named("release-pointer").DependsOn, o.Name)
		assert.True(t, o.RetainOnDelete, "%s is kept, for going back", o.Name)
		assert.NotContains(t, o.Name, "/")
	}
}

func TestTheSameReleaseIsTheSameManifestAndAChangeIsAnother(t *testing.T) {
	pointer := func(settings string, b build.Binaries) string {
		return declare(t, settings, b).Named("release-pointer").Text("value")
	}
	first := pointer(`{}`, binaries())
	assert.Equal(t, first, pointer(`{}`, binaries()), "the same release")
	assert.NotEqual(t, first, pointer(`{"a":1}`, binaries()), "other settings")
	other := binaries()
	other.Allocator[0].SHA256 = sum("another allocator")
	assert.NotEqual(t, first, pointer(`{}`, other), "another binary")
}

func TestOtherSettingsChangeNoBinary(t *testing.T) {
	before, after := declare(t, `{}`, binaries()), declare(t, `{"a":1}`, binaries())
	for _, name := range []string{"release-lablink-allocator-linux-arm64", "release-lablink-agent-linux-amd64", "release-lablink-agent-linux-arm64"} {
		require.NotEmpty(t, before.Named(name).Text("key"), name)
		assert.Equal(t, before.Named(name).Text("key"), after.Named(name).Text("key"), name)
		assert.Equal(t, before.Named(name).Text("sourceHash"), after.Named(name).Text("sourceHash"), name)
	}
}

func TestAnIncompleteReleaseIsRefused(t *testing.T) {
	for _, args := range []*release.ReleaseArgs{
		nil,
		{Settings: pulumi.String("{}"), Binaries: binaries()},
		{Bucket: pulumi.String("b"), Binaries: binaries()},
		{Bucket: pulumi.String("b"), Settings: pulumi.String("{}")},
	} {
		r, err := recording.Run("test", recording.Account{}, func(ctx *pulumi.Context) error {
			_, err := release.NewRelease(ctx, "release", args)
			return err
		})
		assert.ErrorContains(t, err, "Bucket, Binaries and Settings are required")
		assert.Empty(t, r.Names())
	}
}
