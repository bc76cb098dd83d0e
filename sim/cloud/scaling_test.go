package cloud_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// scaling describes a group of so many instances.
func (b *balancing) scaling(t *testing.T, size int) *cloud.ScalingGroup {
	t.Helper()
	return &cloud.ScalingGroup{
		Name: "hosts", MinSize: size, MaxSize: size, VPCZoneIdentifiers: b.subnets, TargetGroupARNs: []string{b.targets.ID}, HealthCheckType: "EC2",
		LaunchTemplate: &cloud.ScalingTemplate{ID: b.template(t), Version: "$Latest"},
		Tags:           []cloud.ScalingTag{{Key: "own", Value: "x"}, {Key: "all", Value: "y", PropagateAtLaunch: true}},
	}
}

// live are the instances of the group, by subnet.
func (b *balancing) live() map[string]int {
	out := map[string]int{}
	for _, i := range b.Instances() {
		if i.ScalingGroup == "hosts" && !i.Gone() {
			out[i.SubnetID]++
		}
	}
	return out
}

func TestAGroupIsSpreadAndReplacesWhatEnds(t *testing.T) {
	b := newBalancing(t)
	g := b.scaling(t, 4)
	require.NoError(t, b.CreateScalingGroup(g))
	even := map[string]int{b.subnets[0]: 2, b.subnets[1]: 2}
	require.Equal(t, even, b.live())
	require.Equal(t, []string{"us-west-2a", "us-west-2b"}, g.AvailabilityZones)
	first := b.Instances()[0]
	require.Equal(t, "y", first.Tags["all"])
	require.NotContains(t, first.Tags, "own")
	require.NoError(t, b.Terminate([]string{first.ID}, false))
	require.Equal(t, even, b.live(), "another one where one is missing")

	b.now = b.now.Add(time.Minute)
	g.MinSize, g.MaxSize, g.DesiredCapacity = 1, 5, new(5)
	require.NoError(t, b.UpdateScalingGroup("hosts", g))
	require.Len(t, b.Instances(), 6, "those that live and the one that ended")
	g.DesiredCapacity = new(1)
	require.NoError(t, b.UpdateScalingGroup("hosts", g))
	total := 0
	for _, n := range b.live() {
		total += n
	}
	require.Equal(t, 1, total)
}

func TestAGroupIsDeletedWhenItIsEmpty(t *testing.T) {
	b := newBalancing(t)
	require.NoError(t, b.CreateScalingGroup(b.scaling(t, 2)))
	refused(t, "AlreadyExists", b.CreateScalingGroup(&cloud.ScalingGroup{Name: "hosts"}))
	refused(t, "ResourceInUse", b.DeleteScalingGroup("hosts"))
	require.NoError(t, b.EmptyScalingGroup("hosts"))
	require.Empty(t, b.live())
	require.NoError(t, b.DeleteScalingGroup("hosts"))
	_, err := b.ScalingGroup("hosts")
	require.True(t, cloud.IsNotFound(err))
}

func TestWhatAGroupCannotBeIsRefusedAndStartsNothing(t *testing.T) {
	b := newBalancing(t)
	good := b.scaling(t, 2)
	for name, c := range map[string]struct {
		code  string
		spoil func(*cloud.ScalingGroup)
	}{
		"more than the most": {"ValidationError", func(g *cloud.ScalingGroup) { g.DesiredCapacity = new(3) }},
		"no template":        {"ValidationError", func(g *cloud.ScalingGroup) { g.LaunchTemplate = nil }},
		"a template's id":    {"ValidationError", func(g *cloud.ScalingGroup) { g.LaunchTemplate = &cloud.ScalingTemplate{ID: "lt-0"} }},
		"a template's version": {"InvalidLaunchTemplateId.VersionNotFound", func(g *cloud.ScalingGroup) {
			g.LaunchTemplate = &cloud.ScalingTemplate{ID: good.LaunchTemplate.ID, Version: "7"}
		}},
		"no subnet":              {"ValidationError", func(g *cloud.ScalingGroup) { g.VPCZoneIdentifiers = nil }},
		"a subnet's id":          {"ValidationError", func(g *cloud.ScalingGroup) { g.VPCZoneIdentifiers = []string{"subnet-0"} }},
		"a target group":         {"ValidationError", func(g *cloud.ScalingGroup) { g.TargetGroupARNs = []string{"x"} }},
		"a kind of health check": {"ValidationError", func(g *cloud.ScalingGroup) { g.HealthCheckType = "VPC" }},
		"a reserved tag":         {"InvalidParameterValue", func(g *cloud.ScalingGroup) { g.Tags[0].Key = "aws:x" }},
	} {
		t.Run(name, func(t *testing.T) {
			g := *good
			g.Tags = append([]cloud.ScalingTag{}, good.Tags...)
			c.spoil(&g)
			refused(t, c.code, b.CreateScalingGroup(&g))
			require.Empty(t, b.live())
		})
	}
	require.NoError(t, b.SetFaults(cloud.Faults{InsufficientCapacity: []cloud.CapacityFault{{Zone: "us-west-2b"}}}))
	err := b.CreateScalingGroup(good)
	require.ErrorContains(t, err, "want at least 2 healthy instance(s) in Auto Scaling Group, have 0")
	require.ErrorContains(t, err, "InsufficientInstanceCapacity")
	require.Empty(t, b.live())
}
