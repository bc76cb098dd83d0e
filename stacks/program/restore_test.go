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
