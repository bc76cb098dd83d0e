package provider_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const offeringsToken = "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings"

func TestFunctionsAnswerFromTheAccount(t *testing.T) {
	w := newWorld(t)
	w.create(parameterToken, properties(m{"name": "/p", "type": "String", "value": "v"}))
	w.create(bucketToken, properties(m{"bucket": "data"}))
	for key, kind := range map[string]string{"list": "application/json", "program": "application/octet-stream"} {
		w.create(objectToken, properties(m{"bucket": "data", "key": key, "content": "{}", "contentType": kind}))
	}
	const getObject = "aws:s3/getObject:getObject"
	const tablesToken, tableFunction = "aws:ec2/getRouteTables:getRouteTables", "aws:ec2/getRouteTable:getRouteTable"
	const volumesToken = "aws:ebs/getEbsVolumes:getEbsVolumes"
	const idsToken = "aws:ec2/getAmiIds:getAmiIds"
	built := w.built()
	zone := w.account.ZonesNamed("example.org")[0]
	vpc := w.vpc()
	subnet := w.subnet(vpc)
	table := w.create(tableToken, properties(m{"vpcId": string(vpc.id)}))
	gateway := w.create(gatewayToken, properties(m{"vpcId": string(vpc.id)}))
	w.create("aws:ec2/route:Route", properties(m{"routeTableId": string(table.id), "destinationCidrBlock": "0.0.0.0/0", "gatewayId": string(gateway.id)}))
	w.create("aws:ec2/routeTableAssociation:RouteTableAssociation", properties(m{"subnetId": string(subnet.id), "routeTableId": string(table.id)}))
	by := func(filter, value string) m {
		return m{"vpcId": string(vpc.id), "filters": []any{m{"name": filter, "values": []any{value}}}}
	}
	volume := w.create("aws:ebs/volume:Volume", properties(m{"availabilityZone": "us-west-2b", "size": 1, "tags": m{"lablink:data": "a/b"}}))
	snapshot := w.snapshot()
	const getSnapshot = "aws:ebs/getSnapshot:getSnapshot"
	own := []any{"self"}
	for _, c := range []struct {
		token string
		in    m
		want  m // a part of the answer
		err   string
	}{
		{"aws:index/getCallerIdentity:getCallerIdentity", m{}, m{"accountId": "123456789012", "arn": "arn:aws:iam::123456789012:user/developer"}, ""},
		{"aws:index/getAvailabilityZones:getAvailabilityZones", m{}, m{"names": []any{"us-west-2a", "us-west-2b", "us-west-2c"}, "zoneIds": []any{"usw2-az1", "usw2-az2", "usw2-az3"}}, ""},
		{"aws:ec2/getVpc:getVpc", m{"id": string(vpc.id)}, m{"cidrBlock": "10.0.0.0/16", "default": false}, ""},
		{tablesToken, by("association.subnet-id", string(subnet.id)), m{"ids": []any{string(table.id)}}, ""},
		{tablesToken, by("association.subnet-id", "subnet-0"), m{"ids": []any{}}, ""},
		{tablesToken, by("association.main", "true"), m{"ids": []any{vpc.outputs["mainRouteTableId"].StringValue()}}, ""},
		{tablesToken, by("association.main", "false"), nil, "one of the filters association.subnet-id and association.main"},
		{tablesToken, m{"vpcId": string(vpc.id)}, nil, "one of the filters association.subnet-id and association.main"},
		{tablesToken, by("route.state", "active"), nil, "one of the filters association.subnet-id and association.main"},
		{tableFunction, m{"routeTableId": string(table.id)}, m{"vpcId": string(vpc.id), "routes": []any{map[string]any{"cidrBlock": "0.0.0.0/0", "gatewayId": string(gateway.id), "natGatewayId": ""}}}, ""},
		{tableFunction, m{"routeTableId": "rtb-0"}, nil, "query returned no results"},
		{tableFunction, m{"vpcId": string(vpc.id)}, nil, "by its id alone, not by [vpcId]"},
		{volumesToken, m{"tags": m{"lablink:data": "a/b"}}, m{"ids": []any{string(volume.id)}}, ""},
		{volumesToken, m{"tags": m{"lablink:data": "a/c"}}, m{"ids": []any{}}, ""},
		{volumesToken, m{"tags": m{"lablink:data": "a/b"}, "filters": []any{m{"name": "status", "values": []any{"available"}}}}, m{"ids": []any{string(volume.id)}}, ""},
		{volumesToken, m{"tags": m{"lablink:data": "a/b"}, "filters": []any{m{"name": "status", "values": []any{"in-use"}}}}, m{"ids": []any{}}, ""},
		{volumesToken, m{"tags": m{"lablink:data": "a/b"}, "filters": []any{m{"name": "size", "values": []any{"1"}}}}, nil, "The filter 'size' is invalid"},
		{volumesToken, m{}, nil, "lists volumes by their tags"},
		{"aws:ebs/getVolume:getVolume", m{"filters": []any{m{"name": "volume-id", "values": []any{string(volume.id)}}}}, m{"availabilityZone": "us-west-2b", "snapshotId": "", "size": 1.0}, ""},
		{"aws:ebs/getVolume:getVolume", m{"filters": []any{m{"name": "volume-id", "values": []any{"vol-0"}}}}, nil, "Your query returned no results"},
		{"aws:ebs/getVolume:getVolume", m{"mostRecent": true}, nil, "by the filter volume-id alone, not by [mostRecent]"},
		{"aws:ec2/getVpc:getVpc", m{"id": "vpc-0"}, nil, "no matching EC2 VPC found"},
		{"aws:ec2/getVpc:getVpc", m{"default": true}, m{"cidrBlock": "172.31.0.0/16", "default": true}, ""},
		{"aws:ec2/getVpc:getVpc", m{"cidrBlock": "10.0.0.0/16"}, nil, "by its id alone, not by [cidrBlock]"},
		{"aws:ec2/getSubnet:getSubnet", m{"id": string(subnet.id)}, m{"vpcId": string(vpc.id), "availabilityZone": "us-west-2a", "cidrBlock": "10.0.0.0/24"}, ""},
		{"aws:ec2/getSubnet:getSubnet", m{"id": "subnet-0"}, nil, "no matching EC2 Subnet found"},
		{"aws:ec2/getInstanceType:getInstanceType", m{"instanceType": "t4g.small"}, m{"supportedArchitectures": []any{"arm64"}, "memorySize": 2048.0}, ""},
		{"aws:ec2/getInstanceType:getInstanceType", m{"instanceType": "g4dn.xlarge"}, m{"totalGpuMemory": 16384.0}, ""},
		{"aws:ec2/getInstanceType:getInstanceType", m{"instanceType": "t4g.small"}, m{"hypervisor": "nitro"}, ""},
		{"aws:ec2/getInstanceType:getInstanceType", m{"instanceType": "t2.small"}, m{"hypervisor": "xen"}, ""},
		{offeringsToken, m{"locationType": "availability-zone", "filters": []any{m{"name": "instance-type", "values": []any{"t4g.small", "g5g.xlarge", "x9.huge"}}}}, m{
			"instanceTypes": []any{"g5g.xlarge", "t4g.small", "t4g.small", "t4g.small"}, "locations": []any{"us-west-2c", "us-west-2a", "us-west-2b", "us-west-2c"},
		}, ""},
		{getSnapshot, m{"owners": own, "snapshotIds": []any{snapshot}}, m{"volumeSize": 2.0, "state": "completed", "encrypted": true, "ownerId": "123456789012"}, ""},
		{getSnapshot, m{"owners": own, "snapshotIds": []any{"snap-0"}}, nil, "InvalidSnapshot.NotFound"},
		{getSnapshot, m{"owners": own, "snapshotIds": []any{snapshot}, "mostRecent": true}, nil, "one snapshot of the owner self by its id"},
		{getSnapshot, m{"snapshotIds": []any{snapshot}}, nil, "one snapshot of the owner self by its id"},
		{offeringsToken, m{"filters": []any{m{"name": "instance-type", "values": []any{"t4g.small"}}}}, nil, "models the location type availability-zone"},
		{offeringsToken, m{"locationType": "availability-zone", "filters": []any{m{"name": "location", "values": []any{"us-west-2a"}}}}, nil, "The filter 'location' is invalid"},
		{offeringsToken, m{"locationType": "availability-zone"}, nil, "the types that the filter instance-type names"},
		{offeringsToken, m{"locationType": "availability-zone", "filters": []any{m{"name": "instance-type", "values": []any{"t4g.*"}}}}, nil, "without wildcards"},
		{"aws:ec2/getAmi:getAmi", m{"filters": []any{m{"name": "image-id", "values": []any{"ami-0d1a6000000000003"}}}}, m{"blockDeviceMappings": []any{map[string]any{
			"deviceName": "/dev/xvda", "noDevice": "", "virtualName": "",
			"ebs": map[string]any{"volume_size": "65", "volume_type": "gp3", "delete_on_termination": "true", "encrypted": "false"},
		}}}, ""},
		{"aws:ec2/getInstanceType:getInstanceType", m{"instanceType": "x9.huge"}, nil, "InvalidInstanceType"},
		{"aws:ec2/getAmi:getAmi", m{"filters": []any{m{"name": "image-id", "values": []any{image}}}}, m{"id": image, "architecture": "x86_64"}, ""},
		{"aws:ec2/getAmi:getAmi", m{"filters": []any{m{"name": "image-id", "values": []any{"ami-0"}}}}, nil, "returned no results"},
		{"aws:ec2/getAmi:getAmi", m{"filters": []any{m{"name": "name", "values": []any{"*"}}}}, nil, "The filter 'name' is invalid"},
		{"aws:ec2/getAmi:getAmi", m{"mostRecent": true}, nil, "models filters and owners of images, not mostRecent"},
		{idsToken, m{"owners": []any{"self"}, "filters": []any{m{"name": "tag:lablink:pipeline", "values": []any{"gpu"}}, m{"name": "state", "values": []any{"available"}}}}, m{"ids": built}, ""},
		{idsToken, m{"owners": []any{"self"}, "filters": []any{m{"name": "tag:lablink:pipeline", "values": []any{"none"}}}}, m{"ids": []any{}}, ""},
		{idsToken, m{"filters": []any{m{"name": "state", "values": []any{"available"}}}}, nil, "expected owners to have at least 1 item"},
		{idsToken, m{"owners": []any{"amazon"}}, nil, "models the owner self"},
		{"aws:ec2/getAmi:getAmi", m{"filters": []any{m{"name": "image-id", "values": []any{image, "ami-051700000000000a2"}}}}, nil, "more than one result"},
		{"aws:ssm/getParameter:getParameter", m{"name": "/p"}, m{"value": "v", "version": 1.0}, ""},
		{"aws:ssm/getParameter:getParameter", m{"name": "/none"}, nil, "reading SSM Parameter (/none): couldn't find resource"},
		{"aws:route53/getZone:getZone", m{"name": "example.org"}, m{"zoneId": zone.ID, "privateZone": false}, ""},
		{"aws:route53/getZone:getZone", m{"zoneId": zone.ID}, m{"name": "example.org"}, ""},
		{"aws:route53/getZone:getZone", m{"name": "example.com"}, nil, "no matching Route 53 Hosted Zone found"},
		{"aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider", m{"url": "https://id.example.org"}, m{"arn": "arn:aws:iam::123456789012:oidc-provider/id.example.org"}, ""},
		{"aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider", m{"url": "https://other"}, nil, "couldn't find resource"},
		{getObject, m{"bucket": "data", "key": "list"}, m{"body": "{}", "contentLength": 2.0, "contentType": "application/json"}, ""},
		{getObject, m{"bucket": "data", "key": "program"}, m{"body": ""}, ""},
		{getObject, m{"bucket": "data", "key": "none"}, nil, "reading S3 Bucket (data) Object (none): couldn't find resource"},
		{getObject, m{"bucket": "data", "key": "list", "range": "bytes=0-0"}, nil, "does not model range"},
		{"aws:index/getRegion:getRegion", m{}, nil, "the simulator does not have the function aws:index/getRegion:getRegion"},
	} {
		t.Run(c.token, func(t *testing.T) {
			got, err := w.invoke(c.token, c.in)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			plain := got.Mappable()
			for key, want := range c.want {
				require.Equal(t, want, plain[key], key)
			}
		})
	}
}
