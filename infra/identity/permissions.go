package identity

import (
	"slices"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
)

// Look is what a preview needs: to read what is deployed, and no secret.
func Look(n naming.Namer) policy.Document {
	return append(read(n), policy.Statement{
		Sid: "NoSecrets", Deny: true, Resource: []string{n.ParameterARN("secret/*")},
		Action: []string{"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParameterHistory", "ssm:GetParametersByPath"},
	})
}

func read(n naming.Namer) policy.Document {
	return policy.Document{
		{Sid: "List", Action: lists, Resource: []string{"*"}}, // AWS gives these no resource
		{Sid: "ReadRoles", Action: roleReads, Resource: append(machineRoles(n), workflowRoles(n)...)},
		{
			Sid: "ReadProvider", Action: []string{"iam:GetOpenIDConnectProvider"},
			Resource: []string{"arn:aws:iam::" + n.AccountID + ":oidc-provider/*"},
		},
		{Sid: "ReadZones", Action: zoneReads, Resource: []string{"arn:aws:route53:::hostedzone/*"}},
		{Sid: "ReadParameters", Action: parameterReads, Resource: []string{
			n.ParameterARN("*"), "arn:aws:ssm:" + n.Region + "::parameter/aws/service/*",
		}},
		{Sid: "ReadBuckets", Action: bucketReads, Resource: bucketARNs(n)},
	}
}

// Deploy is what an update needs: to make things with this environment's tags
// and names, and to change what has them. The roles of workflows are left out:
// whoever may change those may do everything, so that is an engineer's work.
func Deploy(n naming.Namer, r Record, there Network) policy.Document {
	return slices.Concat(read(n), network(n), use(n, there), roles(n), record(r), policy.Document{
		{Sid: "Parameters", Action: parameterWrites, Resource: []string{n.ParameterARN("*")}},
		{Sid: "Buckets", Action: bucketWrites, Resource: bucketARNs(n)},
	})
}

// network lets make machines and what surrounds them with this environment's
// tags, and change what has them. EC2 asks for each thing that a call touches:
// for what the call makes with the tags of the request, for what is there with
// the tags that it has.
func network(n naming.Namer) policy.Document {
	made, own := policy.Tagged("aws:RequestTag/", n.OwnTags()), policy.Tagged("aws:ResourceTag/", n.OwnTags())
	atOnce := policy.Condition{"StringEquals": made["StringEquals"], "Null": {"ec2:CreateAction": {"false"}}}
	return policy.Document{
		{Sid: "Make", Action: makes, Condition: made, Resource: ec2ARNs(n,
			"elastic-ip/*", "internet-gateway/*", "launch-template/*", "route-table/*", "security-group/*", "subnet/*", "volume/*")},
		// These are also asked for things that are there and that the statement above
		// names: a statement of their own keeps them from somebody else's.
		{Sid: "MakeVpcAndHost", Action: []string{"ec2:CreateVpc", "ec2:RunInstances"}, Resource: ec2ARNs(n, "vpc/*", "instance/*", "volume/*"), Condition: made},
		{
			Sid: "MakeInside", Action: []string{"ec2:CreateNatGateway", "ec2:CreateNetworkInterface"},
			Resource: ec2ARNs(n, "natgateway/*", "network-interface/*"), Condition: made,
		},
		{Sid: "MakeEndpoint", Action: []string{"ec2:CreateVpcEndpoint"}, Resource: ec2ARNs(n, "vpc-endpoint/*"), Condition: made},
		{Sid: "Change", Action: changes, Resource: ec2ARNs(n, "*"), Condition: own},
		// Parts that are made without tags; what they belong to is asked for too.
		{Sid: "Parts", Action: parts, Resource: ec2ARNs(n, "network-interface/*", "security-group-rule/*")},
		{Sid: "Images", Action: []string{"ec2:RunInstances"}, Resource: []string{"arn:aws:ec2:" + n.Region + "::image/*"}},
		{Sid: "TagWhatIsMade", Action: []string{"ec2:CreateTags"}, Resource: ec2ARNs(n, "*"), Condition: atOnce},
	}
}

// use lets put security groups and machines into a VPC that is there.
func use(n naming.Namer, there Network) policy.Document {
	if there.VPCID == "" {
		return nil
	}
	resources := ec2ARNs(n, "vpc/"+there.VPCID)
	for _, id := range there.SubnetIDs {
		resources = append(resources, n.ARN("ec2", "subnet/"+id))
	}
	return policy.Document{{
		Sid: "UseNetwork", Resource: resources,
		Action: []string{"ec2:CreateNetworkInterface", "ec2:CreateSecurityGroup", "ec2:RunInstances"},
	}}
}

func roles(n naming.Namer) policy.Document {
	return policy.Document{
		{Sid: "Roles", Action: roleWrites, Resource: machineRoles(n)},
		{
			Sid: "HandOverRoles", Action: []string{"iam:PassRole"}, Resource: []string{n.MachineRoleARN("*")},
			Condition: policy.Condition{"StringEquals": {"iam:PassedToService": {"ec2.amazonaws.com"}}},
		},
	}
}

// record lets change one name in one zone, and the records below it by which ACM
// sees whose the name is: their names begin with an underscore.
func record(r Record) policy.Document {
	if r.ZoneID == "" {
		return nil
	}
	return policy.Document{
		{
			Sid: "Record", Action: []string{"route53:ChangeResourceRecordSets"}, Resource: []string{"arn:aws:route53:::hostedzone/" + r.ZoneID},
			Condition: policy.Condition{"ForAllValues:StringLike": {"route53:ChangeResourceRecordSetsNormalizedRecordNames": {r.Name, "_*." + r.Name}}},
		},
		{Sid: "Changes", Action: []string{"route53:GetChange"}, Resource: []string{"arn:aws:route53:::change/*"}},
	}
}

// machineRoles are the roles and instance profiles of this environment's
// machines, of pools that are still to come, too. Their path is nobody else's.
func machineRoles(n naming.Namer) []string {
	return []string{n.MachineRoleARN("*"), "arn:aws:iam::" + n.AccountID + ":instance-profile" + n.IAMPath() + "*"}
}

// workflowRoles are the roles that this package declares, apart from machines'.
func workflowRoles(n naming.Namer) []string {
	var out []string
	for _, what := range []string{"preview", "drift", "deploy"} {
		out = append(out, n.RoleARN(n.IAM(what, naming.MaxRole)))
	}
	return out
}

func bucketARNs(n naming.Namer) []string {
	arn := "arn:aws:s3:::" + n.Bucket("artifacts")
	return []string{arn, arn + "/*"}
}

func ec2ARNs(n naming.Namer, resources ...string) []string {
	out := make([]string, len(resources))
	for i, r := range resources {
		out[i] = n.ARN("ec2", r)
	}
	return out
}
