package load

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// mostAtOnce is how many instances one launch brings.
const mostAtOnce = 200

// stock opens a workshop whose machines have booted: their agents are about to come.
func (g *ground) stock(b *testing.B, store *sqlstore.Store, name string, machines int) (w allocator.Workshop, instances []string) {
	b.Helper()
	now := time.Now()
	w = allocator.Workshop{
		ID: "wks_" + name, Name: name, Pool: "gpu", Seats: machines, Warm: machines, JoinCode: name, State: allocator.Open,
		StartsAt: now, CreatedAt: now,
	}
	require.NoError(b, store.OpenWorkshop(b.Context(), w, nil))
	for from := 0; from < machines; from += mostAtOnce {
		count := min(mostAtOnce, machines-from)
		instances = append(instances, g.launch(b, store, w, from, count)...)
	}
	return w, instances
}

// launch is a launch of machines, as the allocator writes it down.
func (g *ground) launch(b *testing.B, store *sqlstore.Store, w allocator.Workshop, from, count int) (ids []string) {
	b.Helper()
	now := time.Now()
	op := allocator.Operation{
		ID: fmt.Sprintf("op_%s%d", w.Name, from), Kind: allocator.Launch, WorkshopID: w.ID, State: allocator.Queued,
		Total: count, By: allocator.Allocator, CreatedAt: now,
	}
	machines := make([]allocator.Machine, count)
	for i := range machines {
		machines[i] = allocator.Machine{
			ID: fmt.Sprintf("mch_%s%d", w.Name, from+i), WorkshopID: w.ID, Pool: w.Pool, State: allocator.Requested,
			Reason: "a machine", CreatedAt: now, ChangedAt: now,
		}
	}
	require.NoError(b, store.AddMachines(b.Context(), machines, op, from, 20_000))
	attempt, ok, err := store.BeginAttempt(b.Context(), op.ID, now)
	require.NoError(b, err)
	require.True(b, ok)
	tags := map[string]string{
		"lablink:deployment": deployment, "lablink:environment": environment, "lablink:managed-by": "allocator", "lablink:attempt": attempt.Token(),
	}
	f, err := g.account.CreateFleet(cloud.FleetRequest{
		LaunchTemplateID: g.template, Version: "$Latest", Target: count, Overrides: []cloud.FleetOverride{{SubnetID: g.subnet}},
		InstanceTags: tags, ClientToken: attempt.Token(),
	})
	require.NoError(b, err)
	require.Len(b, f.Instances, count)
	launched := make([]allocator.Instance, count)
	for i, one := range f.Instances {
		ids = append(ids, one.ID)
		launched[i] = allocator.Instance{ID: one.ID, Type: "sim.gpu", Zone: g.account.AvailabilityZones()[0], State: allocator.InstanceRunning}
	}
	require.NoError(b, store.EndAttempt(b.Context(), attempt, launched, now))
	return ids
}

// crew are the agents to be of instances.
func (g *ground) crew(b *testing.B, url string, instances []string) crew {
	b.Helper()
	c := crew{URL: url, STS: g.aws, Audience: g.settings.Audience}
	for _, id := range instances {
		c.Credentials = append(c.Credentials, g.credentials(b, id))
	}
	return c
}

// crew is what a process is told that is the agents of instances.
type crew struct {
	URL         string            `json:"url"`
	STS         string            `json:"sts"`
	Audience    string            `json:"audience"`
	Credentials []aws.Credentials `json:"credentials"`
	// Desktop is the folder of a desktop's socket, for agents that show one.
	Desktop string `json:"desktop"`
}
