package cloud_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func TestWhatIsInUseCannotBeDeleted(t *testing.T) {
	w := newWorld(t)
	group, other := w.group(t, "a"), w.group(t, "b")
	w.allow(t, other, false, 80, group)
	machine := w.instance(t, w.subnets[0], other)
	volume := &cloud.Volume{AvailabilityZone: machine.AvailabilityZone, Size: 1}
	require.NoError(t, w.CreateVolume(volume))
	require.NoError(t, w.CreateVolumeAttachment(&cloud.VolumeAttachment{DeviceName: "/dev/sdf", InstanceID: machine.ID, VolumeID: volume.ID}))
	require.NoError(t, w.CreateRole(&cloud.Role{Name: "r", AssumeRolePolicy: ec2Trust}))
	require.NoError(t, w.PutRolePolicy(&cloud.RolePolicy{Name: "p", Role: "r", Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`}))
	require.NoError(t, w.CreateBucket(&cloud.Bucket{Bucket: "full"}))
	require.NoError(t, w.PutObject(&cloud.Object{Bucket: "full", Key: "k"}, strings.NewReader("x")))
	vpc, err := w.VPC(w.vpc)
	require.NoError(t, err)
	for _, c := range []struct {
		name, code string
		do         func() error
	}{
		{"a VPC with subnets", "DependencyViolation", func() error { return w.DeleteVPC(w.vpc) }},
		{"a subnet with an instance", "DependencyViolation", func() error { return w.DeleteSubnet(w.subnets[0]) }},
		{"a gateway of public addresses", "DependencyViolation", func() error { return w.DeleteInternetGateway(w.gateway) }},
		{"a VPC's main table", "DependencyViolation", func() error { return w.DeleteRouteTable(vpc.MainRouteTableID) }},
		{"a VPC's own group", "CannotDelete", func() error { return w.DeleteSecurityGroup(vpc.DefaultSecurityGroupID) }},
		{"an instance's group", "DependencyViolation", func() error { return w.DeleteSecurityGroup(other) }},
		{"a group that a rule names", "DependencyViolation", func() error { return w.DeleteSecurityGroup(group) }},
		{"an attached volume", "VolumeInUse", func() error { return w.DeleteVolume(volume.ID) }},
		{"a role with policies", "DeleteConflict", func() error { return w.DeleteRole("r") }},
		{"a bucket with contents", "BucketNotEmpty", func() error { return w.DeleteBucket("full") }},
	} {
		t.Run(c.name, func(t *testing.T) { refused(t, c.code, c.do()) })
	}
}

func TestEverythingCanBeTakenAwayInItsOrder(t *testing.T) {
	w := newWorld(t)
	group := w.group(t, "g")
	w.allow(t, group, true, 0, anywhere)
	machine := w.instance(t, w.subnets[0], group)
	require.NoError(t, w.Terminate([]string{machine.ID}, false))
	require.NoError(t, w.DeleteSecurityGroup(group))
	for _, s := range w.subnets {
		require.NoError(t, w.DeleteSubnet(s))
	}
	require.NoError(t, w.DeleteRouteTable(w.table))
	require.NoError(t, w.DeleteInternetGateway(w.gateway))
	require.NoError(t, w.DeleteVPC(w.vpc))
	_, err := w.Route(cloud.RouteID(w.table, anywhere))
	require.True(t, cloud.IsNotFound(err), "its table's routes go with it")
}

func TestABucketMarkedForItTakesItsContentsAlong(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.CreateBucket(&cloud.Bucket{Bucket: "full", ForceDestroy: true}))
	require.NoError(t, w.PutObject(&cloud.Object{Bucket: "full", Key: "k"}, strings.NewReader("x")))
	require.NoError(t, w.PutBucketSetting(&cloud.PublicAccessBlock{Bucket: "full"}))
	require.NoError(t, w.DeleteBucket("full"))
	_, err := w.Object("full", "k")
	require.True(t, cloud.IsNotFound(err))
	require.NoError(t, w.CreateBucket(&cloud.Bucket{Bucket: "full"}))
	require.True(t, cloud.IsNotFound(w.BucketSetting(&cloud.PublicAccessBlock{Bucket: "full"})), "a new bucket has no settings of an old one")
}

func TestNamesThatMustBeUniqueAre(t *testing.T) {
	w := newWorld(t)
	ttl := 60
	zone := w.ZonesNamed("example.org")[0].ID
	for _, c := range []struct {
		name, code string
		do         func() error
	}{
		{"a group in its VPC", "InvalidGroup.Duplicate", func() error { return w.CreateSecurityGroup(&cloud.SecurityGroup{Name: "g", VPCID: w.vpc}) }},
		{"a template", "InvalidLaunchTemplateName.AlreadyExistsException", func() error { return w.CreateLaunchTemplate(&cloud.LaunchTemplate{Name: "template"}) }},
		{"a role, whatever the case", "EntityAlreadyExists", func() func() error {
			name := "role"
			return func() error {
				defer func() { name = "ROLE" }()
				return w.CreateRole(&cloud.Role{Name: name, AssumeRolePolicy: ec2Trust})
			}
		}()},
		{"a profile", "EntityAlreadyExists", func() error { return w.CreateInstanceProfile(&cloud.InstanceProfile{Name: "p"}) }},
		{"an identity provider", "EntityAlreadyExists", func() error {
			return w.CreateOIDCProvider(&cloud.OIDCProvider{URL: "https://id.example.org", ClientIDLists: []string{"c"}})
		}},
		{"a bucket", "BucketAlreadyOwnedByYou", func() error { return w.CreateBucket(&cloud.Bucket{Bucket: "bucket"}) }},
		{"a parameter", "ParameterAlreadyExists", func() error {
			return w.CreateParameter(&cloud.Parameter{Name: "/p", Type: "String", Value: "v"})
		}},
		{"a record set", "InvalidChangeBatch", func() error {
			return w.CreateRecord(&cloud.Record{ZoneID: zone, Name: "lab.example.org", Type: "A", TTL: &ttl, Records: []string{"192.0.2.1"}})
		}},
		{"a route's destination", "RouteAlreadyExists", func() error {
			return w.CreateRoute(&cloud.Route{RouteTableID: w.table, DestinationCidrBlock: "192.0.2.0/24", GatewayID: w.gateway})
		}},
		{"a subnet's range", "InvalidSubnet.Conflict", func() error {
			return w.CreateSubnet(&cloud.Subnet{VPCID: w.vpc, CidrBlock: "10.0.8.0/24"})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.NoError(t, c.do())
			refused(t, c.code, c.do())
		})
	}
}
