package provider

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// networkKinds are the types about networks.
var networkKinds = map[string]kind{
	"aws:ec2/vpc:Vpc": define(ec2.VpcArgs{}, ec2.Vpc{}, traits{Replace: []string{"cidrBlock"}},
		operations[cloud.VPC]{(*account).CreateVPC, (*account).VPC, (*account).UpdateVPC, (*account).DeleteVPC}),
	"aws:ec2/subnet:Subnet": define(ec2.SubnetArgs{}, ec2.Subnet{}, traits{Replace: []string{"vpcId", "cidrBlock", "availabilityZone"}},
		operations[cloud.Subnet]{(*account).CreateSubnet, (*account).Subnet, (*account).UpdateSubnet, (*account).DeleteSubnet}),
	"aws:ec2/internetGateway:InternetGateway": define(ec2.InternetGatewayArgs{}, ec2.InternetGateway{}, traits{},
		operations[cloud.InternetGateway]{(*account).CreateInternetGateway, (*account).InternetGateway, (*account).UpdateInternetGateway, (*account).DeleteInternetGateway}),
	"aws:ec2/routeTable:RouteTable": define(ec2.RouteTableArgs{}, ec2.RouteTable{}, traits{Replace: []string{"vpcId"}},
		operations[cloud.RouteTable]{(*account).CreateRouteTable, (*account).RouteTable, (*account).UpdateRouteTable, (*account).DeleteRouteTable}),
	"aws:ec2/route:Route": define(ec2.RouteArgs{}, ec2.Route{}, traits{Replace: []string{"routeTableId", "destinationCidrBlock"}, ImportID: routeID},
		operations[cloud.Route]{(*account).CreateRoute, (*account).Route, (*account).UpdateRoute, (*account).DeleteRoute}),
	"aws:ec2/routeTableAssociation:RouteTableAssociation": define(ec2.RouteTableAssociationArgs{}, ec2.RouteTableAssociation{}, traits{Replace: []string{"subnetId"}, ImportID: associationID},
		operations[cloud.RouteTableAssociation]{(*account).CreateRouteTableAssociation, (*account).RouteTableAssociation, (*account).UpdateRouteTableAssociation, (*account).DeleteRouteTableAssociation}),
	"aws:ec2/natGateway:NatGateway": define(ec2.NatGatewayArgs{}, ec2.NatGateway{},
		traits{Replace: []string{"subnetId", "allocationId", "connectivityType", "privateIp"}},
		operations[cloud.NATGateway]{(*account).CreateNATGateway, (*account).NATGateway, (*account).UpdateNATGateway, (*account).DeleteNATGateway}),
	"aws:ec2/networkInterface:NetworkInterface": define(ec2.NetworkInterfaceArgs{}, ec2.NetworkInterface{},
		traits{Replace: []string{"subnetId", "privateIps"}},
		operations[cloud.NetworkInterface]{(*account).CreateNetworkInterface, (*account).NetworkInterface, (*account).UpdateNetworkInterface, (*account).DeleteNetworkInterface}),
	"aws:ec2/vpcEndpoint:VpcEndpoint": define(ec2.VpcEndpointArgs{}, ec2.VpcEndpoint{}, traits{Replace: []string{"vpcId", "serviceName", "vpcEndpointType"}},
		operations[cloud.VPCEndpoint]{(*account).CreateVPCEndpoint, (*account).VPCEndpoint, (*account).UpdateVPCEndpoint, (*account).DeleteVPCEndpoint}),
	"aws:ec2/securityGroup:SecurityGroup": define(ec2.SecurityGroupArgs{}, ec2.SecurityGroup{},
		traits{Replace: []string{"name", "description", "vpcId"}, Name: autoname{Property: "name"}},
		operations[cloud.SecurityGroup]{(*account).CreateSecurityGroup, (*account).SecurityGroup, (*account).UpdateSecurityGroup, (*account).DeleteSecurityGroup}),
	"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": define(vpc.SecurityGroupIngressRuleArgs{}, vpc.SecurityGroupIngressRule{}, ruleTraits,
		operations[cloud.SecurityGroupRule]{createRule(false), readRule(false), (*account).UpdateSecurityGroupRule, (*account).DeleteSecurityGroupRule}),
	"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": define(vpc.SecurityGroupEgressRuleArgs{}, vpc.SecurityGroupEgressRule{}, ruleTraits,
		operations[cloud.SecurityGroupRule]{createRule(true), readRule(true), (*account).UpdateSecurityGroupRule, (*account).DeleteSecurityGroupRule}),
}

var ruleTraits = traits{Replace: []string{"securityGroupId"}}

func createRule(egress bool) func(*account, *cloud.SecurityGroupRule) error {
	return func(a *account, r *cloud.SecurityGroupRule) error { return a.CreateSecurityGroupRule(r, egress) }
}

func readRule(egress bool) func(*account, string) (*cloud.SecurityGroupRule, error) {
	return func(a *account, id string) (*cloud.SecurityGroupRule, error) { return a.SecurityGroupRule(id, egress) }
}
