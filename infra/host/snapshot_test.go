package host_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/host"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

func TestADataVolumeIsMadeOfASnapshotWhereOneIsGiven(t *testing.T) {
	for snapshot, want := range map[string]any{"": nil, "snap-1": "snap-1"} {
		args := good()
		args.Snapshot, args.FinalSnapshot = snapshot, snapshot != ""
		r, err := declare(args, place())
		require.NoError(t, err)
		data := r.Named("host-data")
		assert.Equal(t, []any{want, snapshot != "", true, 20.0}, []any{data.Get("snapshotId"), data.Get("finalSnapshot"), data.Get("encrypted"), data.Get("size")})
	}
}

func TestASnapshotIsLookedAtBeforeAVolumeIsMadeOfIt(t *testing.T) {
	own := map[string]string{"lablink:data": "lablink/test"}
	snapshots := map[string]recording.Snapshot{
		"snap-fits":      {GiB: 20, Tags: own},
		"snap-pending":   {GiB: 20, Tags: own, State: "pending"},
		"snap-archived":  {GiB: 20, Tags: own, Tier: "archive"},
		"snap-plain":     {GiB: 20, Tags: own, ReadableByAnyone: true},
		"snap-large":     {GiB: 21, Tags: own},
		"snap-elsewhere": {GiB: 20, Tags: map[string]string{"lablink:data": "lablink/prod"}},
		"snap-nobodys":   {GiB: 20},
	}
	for id, says := range map[string][]string{
		"snap-fits":      nil,
		"snap-gone":      {"lablink:database.restoreSnapshot: snap-gone is not to be found in this account and Region", "Name=tag:lablink:data,Values=lablink/test", "or remove the setting, which leaves the data volume as it is"},
		"snap-pending":   {"snap-pending is pending", "wait until it is completed"},
		"snap-archived":  {"snap-archived is archived", "restore-snapshot-tier"},
		"snap-plain":     {"snap-plain is not encrypted"},
		"snap-large":     {"lablink:allocator.dataVolumeGiB is 20", "of a volume of 21: set that or more"},
		"snap-elsewhere": {"is not of this environment's data volume", `is "lablink/prod", not "lablink/test"`},
		"snap-nobodys":   {"is not of this environment's data volume", `is "", not "lablink/test"`},
	} {
		_, err := recording.Run("test", recording.Account{Snapshots: snapshots}, func(ctx *pulumi.Context) error {
			return host.FindSnapshot(ctx, lab, id, 20)
		})
		if says == nil {
			assert.NoError(t, err, id)
		}
		for _, part := range says {
			assert.ErrorContains(t, err, part, id)
		}
	}
}
