package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/release"
	"github.com/talmolab/lablink-infrastructure/cli"
)

// Manifests, Manifest and Pointer are the artifact bucket's.
func (d *deployment) Manifests(context.Context) ([]cli.Stored, error) { return d.stored, nil }

func (d *deployment) Manifest(_ context.Context, sum string) ([]byte, error) {
	raw, ok := d.raw[sum]
	if !ok {
		return nil, errors.New("there is no release " + sum)
	}
	return raw, nil
}

func (d *deployment) Pointer(context.Context) (string, error) { return d.pointer, nil }

// store has three releases in the bucket, the newest of which is deployed.
func store(t *testing.T) (d *deployment, sums []string) {
	t.Helper()
	d = deploy(t)
	for i, version := range []string{"v3", "v2", "v1"} {
		file := release.File{Key: "settings/x", SHA256: sum("5")}
		raw, s, err := release.Manifest{Version: version, Settings: file}.Encode()
		require.NoError(t, err)
		d.raw[s] = raw
		d.stored = append(d.stored, cli.Stored{Sum: s, At: time.Date(2026, 3, 9-i, 9, 0, 0, 0, time.UTC)})
		sums = append(sums, s)
	}
	d.stack.Release.Manifest, d.stack.Release.Version, d.pointer = sums[0], "v3", sums[0]
	d.ready.Release, d.ready.Version, d.ready.Wanted = sums[0], "v3", sums[0]
	return d, sums
}

func TestReleasesAreListedWithWhatIsKnownOfThem(t *testing.T) {
	d, sums := store(t)
	d.ready.Release, d.ready.Failed = sums[1], &api.FailedRelease{Release: sums[0], Reason: "it hangs"}
	d.raw[sums[2]] = append(d.raw[sums[2]], ' ')
	out, err := d.lablink(t, "release", "list", "--json")
	require.NoError(t, err)
	var list []struct {
		Release, Version string
		State            []string
	}
	require.NoError(t, json.Unmarshal([]byte(out), &list))
	require.Len(t, list, 3)
	require.Equal(t, sums[0], list[0].Release)
	require.Equal(t, []string{"failed: it hangs", "wanted"}, list[0].State)
	require.Equal(t, []string{"current"}, list[1].State)
	require.Equal(t, "v2", list[1].Version)
	require.Contains(t, list[2].State[0], "damaged: ")
	out, err = d.lablink(t, "release", "list", "--limit", "1", "--stack", "test")
	require.NoError(t, err)
	require.Contains(t, out, "2026-03-09 14:30 IST")
	require.NotContains(t, out, sums[1])

	d.stack.URL = "http://127.0.0.1:1"
	out, err = d.lablink(t, "release", "list")
	require.NoError(t, err)
	require.Contains(t, out, "what runs is not known")
}

func TestARollbackWritesTheReleaseAndDeploysIt(t *testing.T) {
	d, sums := store(t)
	deploys := func(want string, args ...string) {
		t.Helper()
		d.commands = nil
		_, err := d.lablink(t, append([]string{"release", "rollback", "--stack", "test"}, args...)...)
		require.NoError(t, err)
		require.Equal(t, []string{
			"config set --path lablink:allocator.version sha256:" + want + " --stack test", "up --yes --stack test",
		}, d.commands)
	}
	deploys(sums[1])
	deploys(sums[2], "--to", sums[2])
	deploys(sums[2], "--to", "sha256:"+sums[2])
	d.ready.Release, d.ready.Failed = sums[2], &api.FailedRelease{Release: sums[0], Reason: "it hangs"}
	deploys(sums[2]) // the one that runs

	d.commands, d.ready.Failed = nil, nil
	for _, c := range []struct{ to, want string }{
		{"latest", "64 hexadecimal digits"}, {sum("9"), "there is no release"},
	} {
		_, err := d.lablink(t, "release", "rollback", "--to", c.to)
		require.ErrorContains(t, err, c.want)
	}
	d.raw[sums[1]] = append(d.raw[sums[1]], ' ')
	_, err := d.lablink(t, "release", "rollback")
	require.ErrorContains(t, err, "it was changed or cut short")
	d.pointer = sums[2]
	_, err = d.lablink(t, "release", "rollback")
	require.ErrorContains(t, err, "name one with --to")
	require.Empty(t, d.commands, "nothing was deployed")
}
