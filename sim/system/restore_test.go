package system

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/control"
)

// asDeveloper calls EC2 as the account's administrator.
func asDeveloper(account *control.Client) *ec2.Client {
	return ec2.New(ec2.Options{
		Region: "us-west-2", BaseEndpoint: aws.String(account.URL),
		Credentials: credentials.NewStaticCredentialsProvider(cloud.DeveloperKey, cloud.DeveloperSecret, ""),
	})
}

// takeSnapshot takes one as docs/deploying.md tells.
func takeSnapshot(t *testing.T, account *control.Client, volume, environment string) string {
	t.Helper()
	tag := func(key, value string) types.Tag { return types.Tag{Key: aws.String(key), Value: aws.String(value)} }
	s, err := asDeveloper(account).CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: aws.String(volume), TagSpecifications: []types.TagSpecification{{
		ResourceType: types.ResourceTypeSnapshot,
		Tags:         []types.Tag{tag("lablink:deployment", "lablink"), tag("lablink:environment", environment), tag("lablink:data", "lablink/"+environment)},
	}}})
	require.NoError(t, err)
	return *s.SnapshotId
}

func restored(snapshot string) string {
	return "  lablink:database:\n    restoreSnapshot: " + snapshot + "\n"
}

// A seat that was given up and a workshop that was opened are undone by going back, to a
// backup and to a snapshot.
func TestSeatsAreThereAgainAfterGoingBackToASnapshot(t *testing.T) {
	l := up(t)
	p, err := l.Pulumi(t.Context())
	require.NoError(t, err)
	account, err := l.StartSimulator(t.Context())
	require.NoError(t, err)
	admin, person := l.admin(t), l.person(t)
	w := l.open(t, admin, 1)
	l.await(t, admin, w, 1)
	page, err := person.HTTP.Get(l.url + "/join/" + w.JoinCode)
	require.NoError(t, err)
	require.NoError(t, page.Body.Close())
	seat, problem := claim(t, person, w, "p@example.org", new(atomic.Int32))
	require.Nil(t, problem)
	l.goesBackAndForth(t, account, person, seat)
	seat, problem = claim(t, person, w, "p@example.org", new(atomic.Int32))
	require.Nil(t, problem)
	before := resources(t, p, "local")
	snapshot := takeSnapshot(t, account, before["host-data"], "local")
	require.NoError(t, person.Do(t.Context(), http.MethodDelete, "/api/v1/seats/current", nil, nil))
	current := func() (seat api.Seat, err error) {
		err = person.Do(t.Context(), http.MethodGet, "/api/v1/seats/current", nil, &seat)
		return seat, err
	}
	_, err = current()
	require.Error(t, err, "the seat is given up")

	file := l.changed(t, "  lablink:pools:\n", restored(snapshot)+"  lablink:pools:\n")
	up := []string{"up", "--yes", "--skip-preview", "--stack", "local"}
	require.NoError(t, p.Run(t.Context(), append(up, "--config-file", file)...))
	after := resources(t, p, "local")
	for name, id := range before {
		switch name {
		case "host-data", "host-data-attachment", "host-instance":
			require.NotEqual(t, id, after[name], name)
		default:
			require.Equal(t, id, after[name], name)
		}
	}
	l.answers(t)
	now, err := current()
	require.NoError(t, err)
	require.Equal(t, []string{seat.ID, seat.Machine}, []string{now.ID, now.Machine})
	var told api.Page[api.Event]
	require.NoError(t, l.admin(t).Do(t.Context(), http.MethodGet, "/api/v1/events?limit=100", nil, &told))
	require.True(t, slices.ContainsFunc(told.Items, func(e api.Event) bool { return e.Action == "restore backup" }), "the allocator knows that it was gone back to: %+v", told.Items)
	left, err := os.ReadDir(filepath.Join(l.Root, ".lablink", "sim", "snapshots"))
	require.NoError(t, err)
	require.Len(t, left, 2, "what was on the volume that was replaced is not lost")

	require.NoError(t, p.Run(t.Context(), append(up, "--expect-no-changes", "--config-file", l.changed(t))...), "without the setting")
	require.Equal(t, after["host-data"], resources(t, p, "local")["host-data"])
}

func TestAProtectedVolumeIsReplacedOnPurposeAndStays(t *testing.T) {
	e := start(t)
	plain := e.stack(t, "prod", withoutRoles...)
	up := []string{"up", "--yes", "--skip-preview", "--suppress-outputs"}
	e.must(t, plain, up...)
	data := e.deployed(t, plain)["host-data"]
	snapshot := takeSnapshot(t, e.account, data.ID, "prod")

	back := e.stack(t, "prod", append([]string{"  lablink:pools:\n", restored(snapshot) + "  lablink:pools:\n"}, withoutRoles...)...)
	said, err := e.run(t, back, "preview")
	require.Error(t, err)
	require.Contains(t, said, "is made of "+snapshot)
	require.Contains(t, said, "unable to replace resource")
	_, err = e.run(t, back, up...)
	require.Error(t, err)
	require.Equal(t, data.ID, e.deployed(t, back)["host-data"].ID)

	e.must(t, back, "state", "unprotect", data.URN, "--yes")
	e.must(t, back, up...)
	made := e.deployed(t, back)["host-data"]
	require.NotEqual(t, data.ID, made.ID)
	require.NotEmpty(t, takeSnapshot(t, e.account, data.ID, "prod"), "the volume of before is still there")
	require.True(t, made.Protect, "as it was")

	e.must(t, plain, append(up, "--expect-no-changes")...)
	require.Equal(t, made.ID, e.deployed(t, plain)["host-data"].ID, "without the setting")
	e.must(t, back, "state", "unprotect", made.URN, "--yes")
	e.must(t, back, append(up, "--replace", made.URN)...)
	require.NotEqual(t, made.ID, e.deployed(t, back)["host-data"].ID, "once more, of the same snapshot")
	other := e.stack(t, "prod", append([]string{"  lablink:pools:\n", strings.Replace(restored(snapshot), snapshot, "snap-01234567", 1) + "  lablink:pools:\n"}, withoutRoles...)...)
	said, err = e.run(t, other, "preview")
	require.Error(t, err)
	require.Contains(t, said, "lablink:database.restoreSnapshot: snap-01234567 is not to be found")
}
