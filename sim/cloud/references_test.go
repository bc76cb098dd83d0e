package cloud_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func TestWhatDoesNotExistCannotBeReferredTo(t *testing.T) {
	w := newWorld(t)
	port := 80
	ttl := 60
	machine := w.instance(t, w.subnets[0])
	volume := &cloud.Volume{AvailabilityZone: w.AvailabilityZones()[0], Size: 1}
	require.NoError(t, w.CreateVolume(volume))
	group := w.group(t, "g")
	for _, c := range []struct {
		name, code string
		do         func() error
	}{
		{"a subnet's VPC", "InvalidVpcID.NotFound", func() error {
			return w.CreateSubnet(&cloud.Subnet{VPCID: "vpc-0", CidrBlock: "10.0.9.0/24"})
		}},
		{"a gateway's VPC", "InvalidVpcID.NotFound", func() error { return w.CreateInternetGateway(&cloud.InternetGateway{VPCID: "vpc-0"}) }},
		{"a route table's VPC", "InvalidVpcID.NotFound", func() error { return w.CreateRouteTable(&cloud.RouteTable{VPCID: "vpc-0"}) }},
		{"a route's table", "InvalidRouteTableID.NotFound", func() error {
			return w.CreateRoute(&cloud.Route{RouteTableID: "rtb-0", DestinationCidrBlock: anywhere, GatewayID: w.gateway})
		}},
		{"a route's gateway", "InvalidGatewayID.NotFound", func() error {
			return w.CreateRoute(&cloud.Route{RouteTableID: w.table, DestinationCidrBlock: "192.0.2.0/24", GatewayID: "igw-0"})
		}},
		{"an association's subnet", "InvalidSubnetID.NotFound", func() error {
			return w.CreateRouteTableAssociation(&cloud.RouteTableAssociation{SubnetID: "subnet-0", RouteTableID: w.table})
		}},
		{"an association's table", "InvalidRouteTableID.NotFound", func() error {
			return w.CreateRouteTableAssociation(&cloud.RouteTableAssociation{SubnetID: w.subnets[0], RouteTableID: "rtb-0"})
		}},
		{"an endpoint's table", "InvalidRouteTableID.NotFound", func() error {
			return w.CreateVPCEndpoint(&cloud.VPCEndpoint{VPCID: w.vpc, ServiceName: "com.amazonaws.us-west-2.s3", RouteTableIDs: []string{"rtb-0"}})
		}},
		{"an endpoint's service", "InvalidServiceName", func() error {
			return w.CreateVPCEndpoint(&cloud.VPCEndpoint{VPCID: w.vpc, ServiceName: "com.amazonaws.eu-west-1.s3"})
		}},
		{"a rule's group", "InvalidGroup.NotFound", func() error {
			return w.CreateSecurityGroupRule(&cloud.SecurityGroupRule{SecurityGroupID: "sg-0", IPProtocol: "-1", CidrIPv4: anywhere}, false)
		}},
		{"a rule's peer", "InvalidGroup.NotFound", func() error {
			return w.CreateSecurityGroupRule(&cloud.SecurityGroupRule{SecurityGroupID: group, IPProtocol: "tcp", FromPort: &port, ToPort: &port, ReferencedSecurityGroupID: "sg-0"}, false)
		}},
		{"an instance's image", "InvalidAMIID.NotFound", func() error {
			return w.CreateInstance(&cloud.Instance{AMI: "ami-0", InstanceType: "sim.small", SubnetID: w.subnets[0]})
		}},
		{"an instance's type", "InvalidParameterValue", func() error {
			return w.CreateInstance(&cloud.Instance{AMI: image, InstanceType: "x9.huge", SubnetID: w.subnets[0]})
		}},
		{"an instance's subnet", "InvalidSubnetID.NotFound", func() error {
			return w.CreateInstance(&cloud.Instance{AMI: image, InstanceType: "sim.small", SubnetID: "subnet-0"})
		}},
		{"an instance's group", "InvalidGroup.NotFound", func() error { return w.CreateInstance(w.describe(w.subnets[0], "sg-0")) }},
		{"an instance's profile", "InvalidParameterValue", func() error {
			i := w.describe(w.subnets[0])
			i.IAMInstanceProfile = "nobody"
			return w.CreateInstance(i)
		}},
		{"an address's instance", "InvalidInstanceID.NotFound", func() error {
			e := &cloud.EIP{}
			require.NoError(t, w.CreateEIP(e))
			return w.CreateEIPAssociation(&cloud.EIPAssociation{AllocationID: e.ID, InstanceID: "i-0"})
		}},
		{"an association's address", "InvalidAllocationID.NotFound", func() error {
			return w.CreateEIPAssociation(&cloud.EIPAssociation{AllocationID: "eipalloc-0", InstanceID: machine.ID})
		}},
		{"an attachment's volume", "InvalidVolume.NotFound", func() error {
			return w.CreateVolumeAttachment(&cloud.VolumeAttachment{DeviceName: "/dev/sdf", InstanceID: machine.ID, VolumeID: "vol-0"})
		}},
		{"an attachment's instance", "InvalidInstanceID.NotFound", func() error {
			return w.CreateVolumeAttachment(&cloud.VolumeAttachment{DeviceName: "/dev/sdf", InstanceID: "i-0", VolumeID: volume.ID})
		}},
		{"a policy's role", "NoSuchEntity", func() error {
			return w.PutRolePolicy(&cloud.RolePolicy{Name: "p", Role: "nobody", Policy: `{}`})
		}},
		{"a profile's role", "NoSuchEntity", func() error { return w.CreateInstanceProfile(&cloud.InstanceProfile{Name: "p", Role: "nobody"}) }},
		{"a role that a role trusts", "MalformedPolicyDocument", func() error {
			return w.CreateRole(&cloud.Role{Name: "r", AssumeRolePolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/nobody"},"Action":"sts:AssumeRole"}]}`})
		}},
		{"a setting's bucket", "NoSuchBucket", func() error { return w.PutBucketSetting(&cloud.PublicAccessBlock{Bucket: "none-here"}) }},
		{"an alias's key", "NotFoundException", func() error { return w.CreateAlias(&cloud.Alias{Name: "alias/a", TargetKeyID: "none"}) }},
		{"a record's zone", "NoSuchHostedZone", func() error {
			return w.CreateRecord(&cloud.Record{ZoneID: "Z0", Name: "a", Type: "A", TTL: &ttl, Records: []string{"192.0.2.1"}})
		}},
		{"a fleet's template", "InvalidLaunchTemplateId.NotFound", func() error {
			_, err := w.CreateFleet(cloud.FleetRequest{LaunchTemplateID: "lt-0", Version: "$Latest", Target: 1})
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) { refused(t, c.code, c.do()) })
	}
}

func TestAnythingThatWasNeverMadeIsNotFound(t *testing.T) {
	w := newWorld(t)
	for name, look := range map[string]func() error{
		"vpc":         func() error { _, err := w.VPC("x"); return err },
		"subnet":      func() error { _, err := w.Subnet("x"); return err },
		"gateway":     func() error { _, err := w.InternetGateway("x"); return err },
		"table":       func() error { _, err := w.RouteTable("x"); return err },
		"route":       func() error { _, err := w.Route("x"); return err },
		"association": func() error { _, err := w.RouteTableAssociation("x"); return err },
		"endpoint":    func() error { _, err := w.VPCEndpoint("x"); return err },
		"group":       func() error { _, err := w.SecurityGroup("x"); return err },
		"rule":        func() error { _, err := w.SecurityGroupRule("x", true); return err },
		"instance":    func() error { _, err := w.Instance("x"); return err },
		"address":     func() error { _, err := w.EIP("x"); return err },
		"eip":         func() error { _, err := w.EIPAssociation("x"); return err },
		"interface":   func() error { _, err := w.NetworkInterface("x"); return err },
		"nat":         func() error { _, err := w.NATGateway("x"); return err },
		"volume":      func() error { _, err := w.Volume("x"); return err },
		"attachment":  func() error { _, err := w.VolumeAttachment("x"); return err },
		"template":    func() error { _, err := w.LaunchTemplate("x"); return err },
		"role":        func() error { _, err := w.Role("x"); return err },
		"policy":      func() error { _, err := w.RolePolicy("x"); return err },
		"profile":     func() error { _, err := w.InstanceProfile("x"); return err },
		"oidc":        func() error { _, err := w.OIDCProvider("x"); return err },
		"bucket":      func() error { _, err := w.Bucket("x"); return err },
		"setting":     func() error { return w.BucketSetting(&cloud.BucketPolicy{Bucket: "x"}) },
		"object":      func() error { _, err := w.Object("x", "y"); return err },
		"parameter":   func() error { _, err := w.Parameter("x"); return err },
		"key":         func() error { _, err := w.Key("x"); return err },
		"alias":       func() error { _, err := w.Alias("x"); return err },
		"zone":        func() error { _, err := w.Zone("x"); return err },
		"record":      func() error { _, err := w.Record("x"); return err },
		"cloudflare":  func() error { _, err := w.CloudflareRecord("x"); return err },
		"origin":      func() error { _, err := w.OriginCertificate("x"); return err },
	} {
		t.Run(name, func(t *testing.T) {
			err := look()
			require.True(t, cloud.IsNotFound(err), "expected a refusal that says not found, got %v", err)
		})
	}
}

func TestARuleIsFoundInItsOwnDirectionOnly(t *testing.T) {
	w := newWorld(t)
	id := w.allow(t, w.group(t, "g"), true, 443, anywhere)
	_, err := w.SecurityGroupRule(id, true)
	require.NoError(t, err)
	_, err = w.SecurityGroupRule(id, false)
	require.True(t, cloud.IsNotFound(err))
}
