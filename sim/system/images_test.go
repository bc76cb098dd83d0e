package system

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/launcher"
	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
)

// edit changes the file of a stack.
func edit(t *testing.T, s launcher.Stack, from, to string) {
	t.Helper()
	raw, err := os.ReadFile(s.File)
	require.NoError(t, err)
	require.Contains(t, string(raw), from)
	require.NoError(t, os.WriteFile(s.File, []byte(strings.ReplaceAll(string(raw), from, to)), 0o644))
}

func (e *engine) up(t *testing.T, s launcher.Stack) {
	t.Helper()
	e.must(t, s, "up", "--yes", "--skip-preview", "--suppress-outputs")
}

// images are the images that the account's stack tells of.
func (e *engine) images(t *testing.T) map[string]string {
	t.Helper()
	raw, err := e.Output(t.Context(), "stack", "output", "--json", "--stack", "account")
	require.NoError(t, err)
	account, err := outputs.ReadAccount(raw)
	require.NoError(t, err)
	return account.Images
}

// The account declares the pipeline and waits for nothing; an environment says
// that there is no image, and takes the one that is built in the meantime.
func TestAnEnvironmentStartsMachinesFromWhatTheAccountsPipelineBuilt(t *testing.T) {
	e := start(t)
	const pools = `  lablink:pools:
    - name: gpu
      instanceTypes: [g5.xlarge]
      image: {pipeline: gpu, id: ami-0d1a6000000000003}
  lablink:github:`
	account := e.stack(t, "account", "  lablink:github:", pools)
	e.up(t, account)
	require.Equal(t, map[string]string{"gpu": ""}, e.images(t))
	e.must(t, account, "preview", "--suppress-outputs", "--expect-no-changes")
	test := e.stack(t, "test", "ssmParameter: /aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id", "pipeline: gpu")
	said, err := e.run(t, test, "preview")
	require.Error(t, err)
	require.Contains(t, said, "lablink:pools[0].image: pipeline gpu has built no image yet")

	built, err := e.account.BuildImage(t.Context(), "lablink-image-gpu-account")
	require.NoError(t, err)
	e.up(t, account)
	require.Equal(t, map[string]string{"gpu": built}, e.images(t))
	e.up(t, test)
	environment, err := e.Environment(t.Context(), test)
	require.NoError(t, err)
	require.Equal(t, built, environment.Pools["gpu"].AMI)

	// Another content is another version, while an image of the old one is there,
	// and the way back is one more.
	edit(t, account, "image: {pipeline", "rootVolumeGiB: 120\n      image: {pipeline")
	e.up(t, account)
	edit(t, account, "rootVolumeGiB: 120", "rootVolumeGiB: 100")
	e.up(t, account)
	e.must(t, account, "refresh", "--yes", "--skip-preview", "--suppress-outputs")
	e.must(t, account, "preview", "--suppress-outputs", "--expect-no-changes")
	e.must(t, account, "state", "unprotect", "--all", "--yes")
	e.must(t, account, "destroy", "--yes", "--skip-preview", "--suppress-outputs")
}

// Going back is the pointer's move alone: what the release between was made of
// stays in the bucket, for going forward again.
func TestADeployGoesBackToAReleaseAndForwardAgain(t *testing.T) {
	e := start(t)
	e.up(t, e.stack(t, "account"))
	test := e.stack(t, "test")
	release := func() outputs.Release {
		environment, err := e.Environment(t.Context(), test)
		require.NoError(t, err)
		return environment.Release
	}
	e.up(t, test)
	first := release()
	edit(t, test, "maxMachines: 5", "maxMachines: 6")
	e.up(t, test)
	second := release()
	require.NotEqual(t, first.Manifest, second.Manifest)

	edit(t, test, "  lablink:dns:", "  lablink:allocator: {version: \"sha256:"+first.Manifest+"\"}\n  lablink:dns:")
	e.up(t, test)
	require.Equal(t, first, release())
	edit(t, test, first.Manifest, second.Manifest)
	e.up(t, test)
	require.Equal(t, second, release())
	edit(t, test, second.Manifest, strings.Repeat("0", 64))
	said, err := e.run(t, test, "preview")
	require.Error(t, err)
	require.Contains(t, said, "lablink:allocator.version: release 000000000000 is not in the bucket")
	edit(t, test, "sha256:"+strings.Repeat("0", 64), "source")
	e.up(t, test)
	require.Equal(t, second, release(), "the same settings and source are the same release")
	require.Regexp(t, "^source-", second.Version)
}
