package program_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/sim/provider"
)

const snapshotID = "snap-0123456789abcdef0"

// restoring is a stack that goes back to a snapshot.
func restoring(t *testing.T, stack string, of recording.Snapshot) *run {
	t.Helper()
	r := stackOf(t, stack).set(map[string]string{"lablink:database": `{"restoreSnapshot": "` + snapshotID + `"}`})
	r.account.Snapshots = map[string]recording.Snapshot{snapshotID: of}
	return r
}

func ownSnapshot(stack string) recording.Snapshot {
	return recording.Snapshot{GiB: 1, Tags: map[string]string{"lablink:data": deployment + "/" + stack}}
}

func TestTheDataVolumeIsMadeOfTheSnapshotThatIsSet(t *testing.T) {
	for _, stack := range []string{"local", "test", "prod"} {
		recorded := restoring(t, stack, ownSnapshot(stack)).preview(t)
		data := recorded.Named("host-data")
		assert.Equal(t, []any{snapshotID, true}, []any{data.Text("snapshotId"), data.Get("finalSnapshot")}, stack)
		assert.Equal(t, []bool{stack == "prod", stack == "prod"}, []bool{data.Protect, data.RetainOnDelete}, "protection stays: %s", stack)
		assert.Contains(t, strings.Join(recorded.Warnings, "\n"), "lablink:database.restoreSnapshot is set: the data volume, host-data, is made of "+snapshotID, stack)
		assert.Empty(t, provider.Unmodelled(data.Type, data.Inputs))
		plain := stackOf(t, stack).preview(t)
		assert.Nil(t, plain.Named("host-data").Get("snapshotId"), stack)
		assert.Len(t, plain.Warnings, len(recorded.Warnings)-1, stack)
	}
}

func TestASnapshotThatDoesNotFitIsRefusedBeforeAnythingIsDeclared(t *testing.T) {
	for says, of := range map[string]recording.Snapshot{
		"is not of this environment's data volume":   ownSnapshot("prod"),
		"lablink:allocator.dataVolumeGiB is 20, but": {GiB: 30, Tags: ownSnapshot("test").Tags},
	} {
		recorded, err := restoring(t, "test", of).do()
		require.ErrorContains(t, err, says)
		assert.Empty(t, recorded.Names())
	}
}

func TestAVolumeLeavesASnapshotWhereSnapshotsAreTaken(t *testing.T) {
	none := stackOf(t, "test").set(map[string]string{"lablink:database": `{"backupDays": 0}`}).record(t)
	assert.Equal(t, false, none.Named("host-data").Get("finalSnapshot"))
	assert.Equal(t, true, stackOf(t, "test").record(t).Named("host-data").Get("finalSnapshot"))
}

// A data volume stays in its zone: in another one an empty volume would take its
// place.
func TestTheHostStaysWhereItsDataVolumeIs(t *testing.T) {
	own, others := ownSnapshot("test").Tags, ownSnapshot("prod").Tags
	inA := recording.Volume{Zone: "us-west-2a", Tags: own, Attached: true, Snapshot: "snap-00000000"}
	inC := recording.Volume{Zone: "us-west-2c", Tags: own, Attached: true, Snapshot: "snap-00000000"}
	left := recording.Volume{Zone: "us-west-2c", Tags: own}
	for _, c := range []struct {
		why     string
		volumes map[string]recording.Volume
		change  map[string]string
		says    []string // nil: it goes on
	}{
		{"none yet", nil, nil, nil},
		{"where it is", map[string]recording.Volume{"vol-1": inA}, nil, nil},
		{"another environment's", map[string]recording.Volume{"vol-1": {Zone: "us-west-2c", Tags: others, Attached: true}}, nil, nil},
		{"one that was left behind before", map[string]recording.Volume{"vol-0": left, "vol-1": inA}, nil, nil},
		{"elsewhere", map[string]recording.Volume{"vol-1": inC}, nil, []string{
			"lablink:network.zones moves the host to us-west-2a, but its data volume vol-1 is in us-west-2c", "put us-west-2c first", "database.restoreSnapshot together with the zones",
		}},
		{"elsewhere, with another one left here", map[string]recording.Volume{"vol-0": {Zone: "us-west-2a", Tags: own}, "vol-1": inC}, nil, []string{"vol-1 is in us-west-2c"}},
		{"elsewhere, while no host has it", map[string]recording.Volume{"vol-1": left}, nil, []string{"vol-1 is in us-west-2c"}},
		{"taken along", map[string]recording.Volume{"vol-1": inC}, map[string]string{"lablink:database": `{"restoreSnapshot": "` + snapshotID + `"}`}, nil},
		{"taken along before", map[string]recording.Volume{"vol-1": {Zone: "us-west-2c", Tags: own, Attached: true, Snapshot: snapshotID}}, map[string]string{"lablink:database": `{"restoreSnapshot": "` + snapshotID + `"}`}, []string{
			"what is on it since it was made of " + snapshotID + " would be left behind",
		}},
		{"no data on it", map[string]recording.Volume{"vol-1": inC}, map[string]string{"lablink:database": `{"engine": "postgres"}`}, nil},
	} {
		r := restoring(t, "test", ownSnapshot("test")).set(map[string]string{"lablink:database": "{}"}).set(c.change)
		r.account.Volumes = c.volumes
		recorded, err := r.do(recording.Preview)
		if c.says == nil {
			require.NoError(t, err, c.why)
			continue
		}
		for _, says := range c.says {
			require.ErrorContains(t, err, says, c.why)
		}
		assert.Empty(t, recorded.Names(), c.why)
	}
	r := inVPC(t, "prod")
	r.account.Volumes = map[string]recording.Volume{"vol-1": {Zone: "us-west-2a", Tags: others, Attached: true}}
	_, err := r.do(recording.Preview)
	assert.ErrorContains(t, err, "lablink:network.subnetIds moves the host to us-west-2b, but its data volume vol-1 is in us-west-2a")
}
