package cloud_test

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func fleet(template string, target int, overrides ...cloud.FleetOverride) cloud.FleetRequest {
	return cloud.FleetRequest{LaunchTemplateID: template, Version: "$Latest", Target: target, Overrides: overrides}
}

func TestAFleetGoesWhereThereIsCapacity(t *testing.T) {
	const small, gpu = "sim.small", "sim.gpu"
	zones := []string{"us-west-2a", "us-west-2b"}
	for _, c := range []struct {
		name    string
		faults  []cloud.CapacityFault
		zones   []string // of the machines that are launched
		refused []string // types that gave nothing, in order
	}{
		{"all of it in the cheapest", nil, []string{zones[0], zones[0]}, nil},
		{"one zone has none", []cloud.CapacityFault{{Zone: zones[0]}}, []string{zones[1], zones[1]}, []string{small}},
		{"one type has none", []cloud.CapacityFault{{InstanceType: small}}, []string{zones[0], zones[0]}, []string{small, small}},
		{"one type in one zone", []cloud.CapacityFault{{InstanceType: small, Zone: zones[0]}}, []string{zones[1], zones[1]}, []string{small}},
		{"nothing anywhere", []cloud.CapacityFault{{}}, nil, []string{small, small, gpu}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			require.NoError(t, w.SetFaults(cloud.Faults{InsufficientCapacity: c.faults}))
			out, err := w.CreateFleet(fleet(w.template(t), 2,
				cloud.FleetOverride{InstanceType: gpu, SubnetID: w.subnets[0]},
				cloud.FleetOverride{InstanceType: small, SubnetID: w.subnets[0]},
				cloud.FleetOverride{InstanceType: small, SubnetID: w.subnets[1]}))
			require.NoError(t, err, "a fleet that gets nothing is still a fleet")
			var launched, gaveNothing []string
			for _, i := range out.Instances {
				launched = append(launched, i.AvailabilityZone)
				require.Equal(t, out.ID, i.FleetID)
			}
			for _, e := range out.Errors {
				gaveNothing = append(gaveNothing, e.Override.InstanceType)
				require.Equal(t, "InsufficientInstanceCapacity", e.Code)
			}
			require.Equal(t, c.zones, launched)
			require.Equal(t, c.refused, gaveNothing)
			require.Len(t, w.Instances(), len(c.zones), "nothing but what is told was launched")
		})
	}
}

func TestAPrioritizedFleetGoesByPriorityAndNotByPrice(t *testing.T) {
	const small, gpu = "sim.small", "sim.gpu"
	priority := func(n float64) *float64 { return &n }
	w := newWorld(t)
	r := fleet(w.template(t), 1,
		cloud.FleetOverride{InstanceType: small, SubnetID: w.subnets[0]},
		cloud.FleetOverride{InstanceType: small, SubnetID: w.subnets[1], Priority: priority(1)},
		cloud.FleetOverride{InstanceType: gpu, SubnetID: w.subnets[0], Priority: priority(0)})
	r.Strategy = cloud.Prioritized
	out, err := w.CreateFleet(r)
	require.NoError(t, err)
	require.Equal(t, gpu, out.Instances[0].InstanceType, "0 comes first")
	require.NoError(t, w.SetFaults(cloud.Faults{InsufficientCapacity: []cloud.CapacityFault{{InstanceType: gpu}}}))
	out, err = w.CreateFleet(r)
	require.NoError(t, err)
	require.Equal(t, w.subnets[1], out.Instances[0].SubnetID, "one without a priority comes last")
	r.Strategy = ""
	out, err = w.CreateFleet(r)
	require.NoError(t, err)
	require.Equal(t, w.subnets[0], out.Instances[0].SubnetID, "priorities count for nothing where the price decides")
}

func TestTheMarketsOfAPlaceRunOutApartFromEachOther(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.SetFaults(cloud.Faults{InsufficientCapacity: []cloud.CapacityFault{{Market: cloud.Spot, Zone: "us-west-2a"}}}))
	r := fleet(w.template(t), 1, cloud.FleetOverride{SubnetID: w.subnets[0]}, cloud.FleetOverride{SubnetID: w.subnets[1]})
	for market, zone := range map[cloud.Market]string{cloud.OnDemand: "us-west-2a", cloud.Spot: "us-west-2b"} {
		r.Market = market
		out, err := w.CreateFleet(r)
		require.NoError(t, err)
		require.Equal(t, zone, out.Instances[0].AvailabilityZone, market)
		require.Equal(t, map[cloud.Market]string{cloud.OnDemand: "", cloud.Spot: "spot"}[market], out.Instances[0].InstanceLifecycle)
	}
	refused(t, "InvalidParameterValue", w.SetFaults(cloud.Faults{InsufficientCapacity: []cloud.CapacityFault{{Market: "futures"}}}))
}

func TestASpotMachineCostsNoMoreThanItMay(t *testing.T) {
	w := newWorld(t)
	r := fleet(w.template(t), 1, cloud.FleetOverride{InstanceType: "sim.gpu", SubnetID: w.subnets[0]}, cloud.FleetOverride{InstanceType: "sim.gpu.large", SubnetID: w.subnets[0]})
	r.Market = cloud.Spot
	for i := range r.Overrides {
		r.Overrides[i].MaxPrice = new(0.15) // three tenths of half a dollar
	}
	out, err := w.CreateFleet(r)
	require.NoError(t, err)
	require.Equal(t, "sim.gpu", out.Instances[0].InstanceType)
	r.Overrides[0].MaxPrice = new(0.1499)
	out, err = w.CreateFleet(r)
	require.NoError(t, err)
	require.Empty(t, out.Instances)
	require.Equal(t, []string{"SpotMaxPriceTooLow", "SpotMaxPriceTooLow"}, []string{out.Errors[0].Code, out.Errors[1].Code})
}

func TestTheQuotaForSpotMachinesCountsThoseThatRun(t *testing.T) {
	w := newWorld(t)
	quota := 2
	require.NoError(t, w.SetFaults(cloud.Faults{MaxSpotInstances: &quota}))
	r := fleet(w.template(t), 3, cloud.FleetOverride{SubnetID: w.subnets[0]})
	out, err := w.CreateFleet(r)
	require.NoError(t, err)
	require.Len(t, out.Instances, 3, "it is not for others")
	r.Market = cloud.Spot
	out, err = w.CreateFleet(r)
	require.NoError(t, err)
	require.Len(t, out.Instances, 2)
	require.Equal(t, "MaxSpotInstanceCountExceeded", out.Errors[0].Code)
	require.Equal(t, cloud.Spot, out.Errors[0].Market)
	require.NoError(t, w.Terminate([]string{out.Instances[0].ID}, false))
	out, err = w.CreateFleet(r)
	require.NoError(t, err)
	require.Len(t, out.Instances, 1)
}

func TestAFaultThatIsLiftedNoLongerRefuses(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.SetFaults(cloud.Faults{InsufficientCapacity: []cloud.CapacityFault{{}}}))
	refused(t, "InsufficientInstanceCapacity", w.CreateInstance(w.describe(w.subnets[0])))
	require.NoError(t, w.SetFaults(cloud.Faults{}))
	w.instance(t, w.subnets[0])
}

func TestAFullSubnetGivesWhatItHas(t *testing.T) {
	w := newWorld(t)
	tiny := w.subnet(t, "10.0.2.0/28", w.AvailabilityZones()[2])
	out, err := w.CreateFleet(fleet(w.template(t), 20, cloud.FleetOverride{SubnetID: tiny}))
	require.NoError(t, err)
	require.Len(t, out.Instances, 11, "sixteen addresses less the five that AWS keeps")
	require.Len(t, out.Errors, 1)
	require.Equal(t, "InsufficientFreeAddressesInSubnet", out.Errors[0].Code)
}

func TestAClientTokenLaunchesOnce(t *testing.T) {
	w := newWorld(t)
	r := fleet(w.template(t), 2, cloud.FleetOverride{SubnetID: w.subnets[0]})
	r.ClientToken = "once"
	first, err := w.CreateFleet(r)
	require.NoError(t, err)
	require.NoError(t, w.SetFaults(cloud.Faults{InsufficientCapacity: []cloud.CapacityFault{{}}}))
	again, err := w.CreateFleet(r)
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID)
	require.Len(t, w.Instances(), 2)
	r.Target = 3
	_, err = w.CreateFleet(r)
	refused(t, "IdempotentParameterMismatch", err)
	require.Len(t, w.Instances(), 2)
}

func TestACallWithoutATokenLaunchesEachTime(t *testing.T) {
	w := newWorld(t)
	r := fleet(w.template(t), 1, cloud.FleetOverride{SubnetID: w.subnets[0]})
	for range 2 {
		_, err := w.CreateFleet(r)
		require.NoError(t, err)
	}
	require.Len(t, w.Instances(), 2)
}

func TestAFleetThatCannotBeIsRefusedWhole(t *testing.T) {
	w := newWorld(t)
	template := w.template(t)
	at := cloud.FleetOverride{SubnetID: w.subnets[0]}
	half, strange := 0.5, fleet(template, 1, at)
	strange.Strategy = "diversified"
	for _, c := range []struct {
		name, code string
		request    cloud.FleetRequest
	}{
		{"for nothing", "InvalidParameterValue", fleet(template, 0, at)},
		{"the same pool twice", "InvalidFleetConfig", fleet(template, 1, at, at)},
		{"two subnets of one zone", "InvalidFleetConfig", fleet(template, 1, at, cloud.FleetOverride{SubnetID: w.subnet(t, "10.0.2.0/24", w.AvailabilityZones()[0])})},
		{"an unknown strategy", "InvalidParameterValue", strange},
		{"priorities among spot machines", "InvalidParameterValue", cloud.FleetRequest{LaunchTemplateID: template, Version: "$Latest", Target: 1, Market: cloud.Spot, Strategy: cloud.Prioritized}},
		{"an unknown market", "InvalidParameterValue", cloud.FleetRequest{LaunchTemplateID: template, Version: "$Latest", Target: 1, Market: "futures"}},
		{"half a priority", "InvalidParameterValue", fleet(template, 1, cloud.FleetOverride{SubnetID: w.subnets[0], Priority: &half})},
		{"a limit of the price on demand", "InvalidParameterValue", fleet(template, 1, cloud.FleetOverride{SubnetID: w.subnets[0], MaxPrice: &half})},
		{"next to nothing for a spot machine", "InvalidParameterValue", cloud.FleetRequest{LaunchTemplateID: template, Version: "$Latest", Target: 1, Market: cloud.Spot, Overrides: []cloud.FleetOverride{{SubnetID: w.subnets[0], MaxPrice: new(0.001)}}}},
		{"a version that is not there", "InvalidLaunchTemplateId.VersionNotFound", cloud.FleetRequest{LaunchTemplateID: template, Version: "2", Target: 1}},
		{"no version", "InvalidLaunchTemplateId.VersionNotFound", cloud.FleetRequest{LaunchTemplateID: template, Target: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := w.CreateFleet(c.request)
			refused(t, c.code, err)
		})
	}
	require.Empty(t, w.Instances())
}

func TestAFleetsMachinesAreWhatTheTemplateSays(t *testing.T) {
	w := newWorld(t)
	group := w.group(t, "g")
	require.NoError(t, w.CreateRole(&cloud.Role{Name: "r", AssumeRolePolicy: ec2Trust}))
	require.NoError(t, w.CreateInstanceProfile(&cloud.InstanceProfile{Name: "p", Role: "r"}))
	profile, err := w.InstanceProfile("p")
	require.NoError(t, err)
	script := "#!/bin/sh\necho hello\n"
	template := w.template(t, func(lt *cloud.LaunchTemplate) {
		lt.UserData = base64.StdEncoding.EncodeToString([]byte(script))
		lt.IAMInstanceProfile = &cloud.ProfileReference{ARN: profile.ARN}
		lt.NetworkInterfaces = []cloud.TemplateInterface{{AssociatePublicIPAddress: "true", SecurityGroups: []string{group}, SubnetID: w.subnets[1]}}
		lt.BlockDeviceMappings = []cloud.BlockDeviceMapping{{DeviceName: "/dev/xvda", EBS: &cloud.EBS{VolumeSize: 30, Encrypted: "true", DeleteOnTermination: "false"}}}
		lt.TagSpecifications = []cloud.TagSpecification{{ResourceType: "instance", Tags: map[string]string{"a": "template", "b": "template"}}}
		lt.MetadataOptions = &cloud.MetadataOptions{HTTPTokens: "required"}
	})
	r := fleet(template, 1)
	r.InstanceTags, r.VolumeTags = map[string]string{"b": "call"}, map[string]string{"v": "call"}
	out, err := w.CreateFleet(r)
	require.NoError(t, err)
	require.Empty(t, out.Errors)
	i, err := w.Instance(out.Instances[0].ID)
	require.NoError(t, err)
	require.Equal(t, script, i.Script)
	require.Equal(t, "p", i.IAMInstanceProfile)
	require.Equal(t, w.subnets[1], i.SubnetID)
	require.Equal(t, []string{group}, i.VPCSecurityGroupIDs)
	require.NotEmpty(t, i.PublicIP)
	require.Equal(t, map[string]string{"a": "template", "b": "call"}, i.Tags)
	require.Equal(t, cloud.MetadataOptions{HTTPEndpoint: "enabled", HTTPTokens: "required", HTTPPutResponseHopLimit: 1, InstanceMetadataTags: "disabled"}, *i.MetadataOptions)
	root := *i.RootBlockDevice
	require.Equal(t, 30, root.VolumeSize)
	require.True(t, root.Encrypted)
	require.False(t, *root.DeleteOnTermination)
	require.Equal(t, map[string]string{"v": "call"}, root.Tags)
}

func TestAChangeOfATemplateIsAVersionAndTagsAreNot(t *testing.T) {
	w := newWorld(t)
	id := w.template(t)
	update := func(size string, tags map[string]string) *cloud.LaunchTemplate {
		t.Helper()
		next := &cloud.LaunchTemplate{Name: "machines", ImageID: image, InstanceType: size, UpdateDefaultVersion: true}
		next.Tags = tags
		require.NoError(t, w.UpdateLaunchTemplate(id, next))
		got, err := w.LaunchTemplate(id)
		require.NoError(t, err)
		return got
	}
	require.Equal(t, 1, update("sim.small", map[string]string{"a": "b"}).LatestVersion)
	got := update("sim.gpu", nil)
	require.Equal(t, 2, got.LatestVersion)
	require.Equal(t, 2, got.DefaultVersion)
	for version, ok := range map[string]bool{"$Latest": true, "$Default": true, "2": true, "1": false} {
		r := fleet(id, 1, cloud.FleetOverride{SubnetID: w.subnets[0]})
		r.Version = version
		out, err := w.CreateFleet(r)
		if !ok {
			refused(t, "InvalidLaunchTemplateId.VersionNotFound", err)
			continue
		}
		require.NoError(t, err, version)
		require.Equal(t, "sim.gpu", out.Instances[0].InstanceType)
	}
}

func TestATemplateThatTheModelWouldNotHonourIsRefused(t *testing.T) {
	for _, c := range []struct {
		name, code string
		change     func(*cloud.LaunchTemplate)
	}{
		{"a short name", "InvalidLaunchTemplateName.MalformedException", func(lt *cloud.LaunchTemplate) { lt.Name = "ab" }},
		{"user data that is not base64", "InvalidUserData.Malformed", func(lt *cloud.LaunchTemplate) { lt.UserData = "#!/bin/sh" }},
		{"too much user data", "InvalidUserData.Malformed", func(lt *cloud.LaunchTemplate) {
			lt.UserData = base64.StdEncoding.EncodeToString(make([]byte, 16385))
		}},
		{"a second interface", "InvalidParameterValue", func(lt *cloud.LaunchTemplate) { lt.NetworkInterfaces = make([]cloud.TemplateInterface, 2) }},
		{"a second volume", "InvalidParameterValue", func(lt *cloud.LaunchTemplate) {
			lt.BlockDeviceMappings = []cloud.BlockDeviceMapping{{DeviceName: "/dev/sdf", EBS: &cloud.EBS{VolumeSize: 1}}}
		}},
		{"tags of something else", "InvalidParameterValue", func(lt *cloud.LaunchTemplate) {
			lt.TagSpecifications = []cloud.TagSpecification{{ResourceType: "spot-instances-request"}}
		}},
		{"a profile by name and ARN", "InvalidParameterCombination", func(lt *cloud.LaunchTemplate) {
			lt.IAMInstanceProfile = &cloud.ProfileReference{Name: "p", ARN: "arn:aws:iam::123456789012:instance-profile/p"}
		}},
		{"a flag that is neither", "InvalidParameterValue", func(lt *cloud.LaunchTemplate) {
			lt.NetworkInterfaces = []cloud.TemplateInterface{{AssociatePublicIPAddress: "yes"}}
		}},
		{"metadata options that are none", "InvalidParameterValue", func(lt *cloud.LaunchTemplate) {
			lt.MetadataOptions = &cloud.MetadataOptions{HTTPTokens: "never"}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			lt := &cloud.LaunchTemplate{Name: "machines", ImageID: image, InstanceType: "sim.small"}
			c.change(lt)
			refused(t, c.code, newWorld(t).CreateLaunchTemplate(lt))
		})
	}
}
