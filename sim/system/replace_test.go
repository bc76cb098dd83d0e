package system

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/release"
	"github.com/talmolab/lablink-infrastructure/sim/launcher"
)

// Another image replaces the host, on a larger volume. What people and machines
// have is as it was: seats, sessions, addresses, keys, a desktop.
func TestAnotherHostGoesOnWhereTheFirstOneWas(t *testing.T) {
	l := up(t)
	p, err := l.Pulumi(t.Context())
	require.NoError(t, err)
	admin, person := l.admin(t), l.person(t)
	w := l.open(t, admin, 1)
	l.await(t, admin, w, 1)
	page, err := person.HTTP.Get(l.url + "/join/" + w.JoinCode)
	require.NoError(t, err)
	require.NoError(t, page.Body.Close())
	seat, problem := claim(t, person, w, "p@example.org", new(atomic.Int32))
	require.Nil(t, problem)

	before, told := resources(t, p, "local"), l.environment(t, p)
	data := filepath.Join(l.Root, ".lablink", "sim", "volumes", before["host-data"])
	key := filepath.Join(data, "certificates", "acme", "a.key")
	require.NoError(t, os.MkdirAll(filepath.Dir(key), 0o700))
	require.NoError(t, os.WriteFile(key, []byte("costs one of five certificates a week"), 0o600))
	account, err := l.StartSimulator(t.Context())
	require.NoError(t, err)
	first := instance(t, account, "pulumi")
	require.Equal(t, "lablink-root-local", first.RootBlockDevice.Tags["Name"])

	file := l.changed(t, "ami: ami-051700000000000a1", "ami: ami-051700000000000a2", "dataVolumeGiB: 1", "dataVolumeGiB: 2")
	require.NoError(t, p.Run(t.Context(), "up", "--yes", "--skip-preview", "--stack", "local", "--config-file", file))
	after, second := resources(t, p, "local"), instance(t, account, "pulumi")
	require.NotEqual(t, first.ID, second.ID, "it is another instance")
	require.Equal(t, "ami-051700000000000a2", second.AMI)
	for _, name := range []string{"host-data", "host-interface", "host-address", "host-address-association", "pool-gpu-template"} {
		require.Equal(t, before[name], after[name], name)
	}
	require.Equal(t, []string{first.PublicIP, first.PrivateIP}, []string{second.PublicIP, second.PrivateIP})
	require.Equal(t, told, l.environment(t, p), "all that others read of the stack")

	l.answers(t) // at the door that was there
	raw, err := os.ReadFile(key)
	require.NoError(t, err)
	require.Equal(t, "costs one of five certificates a week", string(raw))
	var now api.Seat
	require.NoError(t, person.Do(t.Context(), http.MethodGet, "/api/v1/seats/current", nil, &now))
	require.Equal(t, seat.ID, now.ID)
	require.Equal(t, seat.Machine, now.Machine)
	require.Len(t, l.machines(t, admin), 1, "the session is known, and no machine was started or ended")
	l.seesItsGPU(t, person) // by the tunnel that the machine opened anew

	require.NoError(t, p.Run(t.Context(), "refresh", "--yes", "--skip-preview", "--expect-no-changes", "--stack", "local", "--config-file", file))
	require.NoError(t, p.Run(t.Context(), "preview", "--expect-no-changes", "--stack", "local", "--config-file", file))
	l.doesNotBootWhatWasGivenUp(t, p)
}

// doesNotBootWhatWasGivenUp replaces the host while the pointer names a release that
// it gave up: the next one serves the one before all the same, and says why.
func (l *local) doesNotBootWhatWasGivenUp(t *testing.T, p *launcher.Pulumi) {
	t.Helper()
	out := l.outputs(t, p)
	good, a := out.Release.Manifest, l.artifacts(t, out)
	m, unusable := a.manifest(t, good), []byte("{}")
	m.Version, m.Settings = "broken: settings that nobody can use", release.File{Key: "settings/unusable", SHA256: release.Sum(unusable), Bytes: int64(len(unusable))}
	a.put(t, m.Settings.Key, unusable)
	bad := a.publish(t, m)
	a.point(t, bad)
	givenUp := func() bool {
		now, err := l.person(t).Ready(t.Context())
		return err == nil && now.Ready && now.Release == good && now.Failed != nil && now.Failed.Release == bad
	}
	eventually(t, "the host gives it up", givenUp)
	account, err := l.StartSimulator(t.Context())
	require.NoError(t, err)
	before := instance(t, account, "pulumi")
	require.NoError(t, p.Run(t.Context(), "up", "--yes", "--skip-preview", "--stack", "local", "--config-file", l.changed(t, "dataVolumeGiB: 1", "dataVolumeGiB: 2")))
	require.NotEqual(t, before.ID, instance(t, account, "pulumi").ID)
	eventually(t, "the next host serves the release before", givenUp)
	said, code := l.lablink(t, "verify", "--stack", "local")
	require.Equal(t, 1, code)
	require.Contains(t, said, "this allocator stores in SQLite or PostgreSQL")
	require.Contains(t, said, "lablink release rollback")
}

// resources are the ids of a stack's resources, by their names.
func resources(t *testing.T, p *launcher.Pulumi, stack string) map[string]string {
	t.Helper()
	raw, err := p.Output(t.Context(), "stack", "export", "--stack", stack)
	require.NoError(t, err)
	var state struct {
		Deployment struct{ Resources []struct{ URN, ID string } }
	}
	require.NoError(t, json.Unmarshal(raw, &state))
	out := map[string]string{}
	for _, r := range state.Deployment.Resources {
		if r.ID != "" {
			out[r.URN[strings.LastIndex(r.URN, ":")+1:]] = r.ID
		}
	}
	return out
}

// environment are the stack's outputs, as text.
func (l *local) environment(t *testing.T, p *launcher.Pulumi) string {
	t.Helper()
	raw, err := p.Output(t.Context(), "stack", "output", "--json", "--stack", "local")
	require.NoError(t, err)
	return string(raw)
}

// changed is the local stack's configuration with something in place of something
// else, in a file of its own.
func (l *local) changed(t *testing.T, change ...string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(l.Root, "Pulumi.local.yaml"))
	require.NoError(t, err)
	for i := 0; i < len(change); i += 2 {
		require.Contains(t, string(raw), change[i])
	}
	file := filepath.Join(t.TempDir(), "Pulumi.local.yaml")
	require.NoError(t, os.WriteFile(file, []byte(strings.NewReplacer(change...).Replace(string(raw))), 0o644))
	return file
}
