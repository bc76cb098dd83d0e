package wire_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// tagged lists the ARNs of what has a tag, over all pages.
func (w *world) tagged(t *testing.T, key string, values ...string) (arns []string) {
	t.Helper()
	pages := resourcegroupstaggingapi.NewGetResourcesPaginator(resourcegroupstaggingapi.NewFromConfig(w.developer()), &resourcegroupstaggingapi.GetResourcesInput{
		TagFilters: []tagging.TagFilter{{Key: aws.String(key), Values: values}}, ResourcesPerPage: aws.Int32(2),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.ResourceTagMappingList), 2)
		for _, m := range page.ResourceTagMappingList {
			arns = append(arns, *m.ResourceARN)
		}
	}
	return arns
}

func TestWhatCarriesATagIsFoundWhateverItIs(t *testing.T) {
	w := newWorld(t)
	with := func(of string) cloud.Tagged { return cloud.Tagged{Tags: map[string]string{"of": of}} }
	v := &cloud.Volume{AvailabilityZone: "us-west-2a", Size: 2, Tagged: with("one")}
	require.NoError(t, w.CreateVolume(v))
	s := &cloud.Snapshot{VolumeID: v.ID, Tagged: with("one")}
	require.NoError(t, w.CreateSnapshot(s))
	e := &cloud.EIP{Tagged: with("one")}
	require.NoError(t, w.CreateEIP(e))
	p := &cloud.Parameter{Name: "/of/one", Type: "String", Value: "x", Tagged: with("one")}
	require.NoError(t, w.CreateParameter(p))
	require.NoError(t, w.CreateBucket(&cloud.Bucket{Bucket: "of-two", Tagged: with("two")}))
	require.NoError(t, w.CreateRole(&cloud.Role{Name: "of-one", AssumeRolePolicy: ec2Trust, Tagged: with("one")}))

	require.ElementsMatch(t, []string{e.ARN, p.ARN, v.ARN, "arn:aws:ec2:us-west-2::snapshot/" + s.ID}, w.tagged(t, "of", "one"), "roles are not among what it knows")
	require.Len(t, w.tagged(t, "of", "one", "two"), 5)
	require.Len(t, w.tagged(t, "of"), 5)
	require.Empty(t, w.tagged(t, "other"))

	machine, keys := w.machine(t)
	require.Contains(t, strings.Join(w.tagged(t, "lablink:deployment", "d"), " "), machine)
	require.NoError(t, w.Terminate([]string{machine}, false))
	require.Contains(t, strings.Join(w.tagged(t, "lablink:deployment", "d"), " "), machine, "what has ended is known for an hour")

	_, err := resourcegroupstaggingapi.NewFromConfig(w.config(keys.AccessKey, keys.Secret, keys.Token)).GetResources(t.Context(), nil)
	require.Equal(t, "AccessDeniedException", code(t, err))
	for in, want := range map[*resourcegroupstaggingapi.GetResourcesInput]string{
		{ResourcesPerPage: aws.Int32(101)}:         "InvalidParameterException",
		{PaginationToken: aws.String("later")}:     "PaginationTokenExpiredException",
		{ResourceTypeFilters: []string{"ec2:vpc"}}: "SerializationException",
	} {
		_, err := resourcegroupstaggingapi.NewFromConfig(w.developer()).GetResources(t.Context(), in)
		require.Equal(t, want, code(t, err))
	}
}

func TestThingsOfEC2AreListedByTheirTags(t *testing.T) {
	w := newWorld(t)
	with := cloud.Tagged{Tags: map[string]string{"of": "one", "more": "x"}}
	v := &cloud.Volume{AvailabilityZone: "us-west-2a", Size: 2, Tagged: with}
	require.NoError(t, w.CreateVolume(v))
	require.NoError(t, w.CreateVolume(&cloud.Volume{AvailabilityZone: "us-west-2a", Size: 2}))
	s := &cloud.Snapshot{VolumeID: v.ID, Tagged: with}
	require.NoError(t, w.CreateSnapshot(s))
	e := &cloud.EIP{Tagged: with}
	require.NoError(t, w.CreateEIP(e))
	n := &cloud.NetworkInterface{SubnetID: w.subnet[0], Tagged: with}
	require.NoError(t, w.CreateNetworkInterface(n))

	client := ec2.NewFromConfig(w.developer())
	one := []types.Filter{{Name: aws.String("tag:of"), Values: []string{"one"}}, {Name: aws.String("tag:more"), Values: []string{"x", "y"}}}
	volumes, err := client.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{Filters: one})
	require.NoError(t, err)
	require.Len(t, volumes.Volumes, 1)
	require.Equal(t, v.ID, *volumes.Volumes[0].VolumeId)
	require.Len(t, volumes.Volumes[0].Tags, 2)
	snapshots, err := client.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{Filters: one})
	require.NoError(t, err)
	require.Equal(t, s.ID, *snapshots.Snapshots[0].SnapshotId)
	addresses, err := client.DescribeAddresses(t.Context(), &ec2.DescribeAddressesInput{Filters: one})
	require.NoError(t, err)
	require.Equal(t, e.ID, *addresses.Addresses[0].AllocationId)
	interfaces, err := client.DescribeNetworkInterfaces(t.Context(), &ec2.DescribeNetworkInterfacesInput{Filters: one})
	require.NoError(t, err)
	require.Equal(t, n.ID, *interfaces.NetworkInterfaces[0].NetworkInterfaceId)
	gateways, err := client.DescribeNatGateways(t.Context(), &ec2.DescribeNatGatewaysInput{Filter: one})
	require.NoError(t, err)
	require.Empty(t, gateways.NatGateways)

	_, err = client.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{Filters: []types.Filter{{Name: aws.String("size"), Values: []string{"2"}}}})
	require.Equal(t, "InvalidParameterValue", code(t, err))
	_, err = client.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{VolumeIds: []string{v.ID}})
	require.Equal(t, "UnknownParameter", code(t, err))
	_, keys := w.machine(t)
	_, err = ec2.NewFromConfig(w.config(keys.AccessKey, keys.Secret, keys.Token)).DescribeVolumes(t.Context(), nil)
	require.Equal(t, "UnauthorizedOperation", code(t, err))
}

func TestRolesAndProfilesAreListedByTheirPath(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.CreateRole(&cloud.Role{Name: "r", Path: "/lablink/d/e/", AssumeRolePolicy: ec2Trust}))
	require.NoError(t, w.CreateInstanceProfile(&cloud.InstanceProfile{Name: "p", Path: "/lablink/d/e/", Role: "r"}))
	global := w.developer()
	global.Region = "us-east-1" // IAM has no Regions
	client := iam.NewFromConfig(global)
	roles, err := client.ListRoles(t.Context(), &iam.ListRolesInput{PathPrefix: aws.String("/lablink/d/")})
	require.NoError(t, err)
	require.Len(t, roles.Roles, 1)
	require.Equal(t, "arn:aws:iam::123456789012:role/lablink/d/e/r", *roles.Roles[0].Arn)
	profiles, err := client.ListInstanceProfiles(t.Context(), &iam.ListInstanceProfilesInput{PathPrefix: aws.String("/lablink/d/")})
	require.NoError(t, err)
	require.Len(t, profiles.InstanceProfiles, 1)
	require.Equal(t, []string{"p", "/lablink/d/e/"}, []string{*profiles.InstanceProfiles[0].InstanceProfileName, *profiles.InstanceProfiles[0].Path})

	all, err := client.ListRoles(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, all.Roles, 2)
	_, err = client.ListRoles(t.Context(), &iam.ListRolesInput{PathPrefix: aws.String("lablink")})
	require.Equal(t, "ValidationError", code(t, err))
	_, err = client.ListUsers(t.Context(), nil)
	require.Equal(t, "InvalidAction", code(t, err))
	_, keys := w.machine(t)
	other := w.config(keys.AccessKey, keys.Secret, keys.Token)
	other.Region = "us-east-1"
	_, err = iam.NewFromConfig(other).ListRoles(t.Context(), nil)
	require.Equal(t, "AccessDenied", code(t, err))
}
