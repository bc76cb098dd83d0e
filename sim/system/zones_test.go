package system

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// inZones sets the zones of a stack, which has NAT.
func inZones(zones string) []string {
	return append([]string{"config:\n", "config:\n  lablink:network: {nat: true, zones: [" + zones + "]}\n"}, withoutRoles...)
}

// EC2 gives no range to two subnets, and the old ones are there until the new ones
// are.
func TestAZoneTakesThePlaceOfAnotherWhileTheHostStays(t *testing.T) {
	e := start(t)
	up := []string{"up", "--yes", "--skip-preview", "--suppress-outputs"}
	s := e.stack(t, "test", inZones("us-west-2a, us-west-2b")...)
	e.must(t, s, up...)
	before := e.deployed(t, s)
	s = e.stack(t, "test", inZones("us-west-2a, us-west-2c")...)
	e.must(t, s, up...)
	after := e.deployed(t, s)
	for name, r := range before {
		switch name {
		case "network-subnet-b", "network-subnet-b-routes", "network-private-subnet-b", "network-private-subnet-b-routes":
			require.NotContains(t, after, name)
		case "release-settings", "release-manifest", "host-permissions":
		default:
			require.Equal(t, r.ID, after[name].ID, name)
		}
	}
	require.Contains(t, after, "network-subnet-c")
	require.Contains(t, after, "network-private-subnet-c")
	e.must(t, s, append(up, "--expect-no-changes")...)
	e.must(t, s, "destroy", "--yes", "--skip-preview", "--suppress-outputs")
}

// What the host knows is on a volume, and a volume stays in its zone: a snapshot
// goes to another one.
func TestTheHostMovesToAnotherZoneWithASnapshotOfItsData(t *testing.T) {
	e := start(t)
	up := []string{"up", "--yes", "--skip-preview", "--suppress-outputs"}
	s := e.stack(t, "test", inZones("us-west-2a, us-west-2b")...)
	e.must(t, s, up...)
	before := e.deployed(t, s)
	moved := e.stack(t, "test", inZones("us-west-2b, us-west-2a")...)
	said, err := e.run(t, moved, up...)
	require.Error(t, err)
	require.Contains(t, said, "lablink:network.zones moves the host to us-west-2b, but its data volume "+before["host-data"].ID+" is in us-west-2a")
	require.Equal(t, before, e.deployed(t, s), "nothing has changed")

	snapshot := takeSnapshot(t, e.account, before["host-data"].ID, "test")
	along := e.stack(t, "test", append([]string{"  lablink:pools:\n", restored(snapshot) + "  lablink:pools:\n"}, inZones("us-west-2b, us-west-2a")...)...)
	e.must(t, along, up...)
	after := e.deployed(t, along)
	require.NotEqual(t, before["host-data"].ID, after["host-data"].ID)
	require.Equal(t, before["host-address"].ID, after["host-address"].ID, "people find it where it was")
	require.Equal(t, before["network-nat-address"].ID, after["network-nat-address"].ID)
	e.must(t, moved, append(up, "--expect-no-changes")...)
	e.must(t, moved, "destroy", "--yes", "--skip-preview", "--suppress-outputs")
}
