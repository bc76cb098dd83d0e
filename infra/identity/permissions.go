package identity

import (
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
)

// Look is what a preview needs: to read what is deployed, and no secret.
func Look(n naming.Namer, artifacts string) policy.Document {
	return append(append(read(n, artifacts), lookServices(n)...),
		policy.Statement{
			Sid: "NoSecrets", Deny: true, Resource: []string{n.ParameterARN("secret/*")},
			Action: []string{"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParameterHistory", "ssm:GetParametersByPath"},
		},
		policy.Statement{
			Sid: "NoSecretsElsewhere", Deny: true, Resource: []string{"*"},
			Action: []string{"ec2:GetPasswordData", "secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue"},
		},
	)
}

// Prices lets ask what things cost: for the comments on previews. AWS gives that no
// resource. Spot prices are among what EC2 describes.
func Prices() policy.Document {
	return policy.Document{{Sid: "Prices", Action: []string{"pricing:GetProducts"}, Resource: []string{"*"}}}
}

func read(n naming.Namer, artifacts string) policy.Document {
	return policy.Document{
		{Sid: "List", Action: lists, Resource: []string{"*"}}, // AWS gives these no resource
		{Sid: "ReadRoles", Action: roleReads, Resource: append(machineRoles(n), workflowRoles(n)...)},
		{
			Sid: "ReadProvider", Action: []string{"iam:GetOpenIDConnectProvider"},
			Resource: []string{"arn:aws:iam::" + n.AccountID + ":oidc-provider/*"},
		},
		{Sid: "ReadPolicies", Action: policyReads, Resource: []string{"arn:aws:iam::" + n.AccountID + ":policy/" + n.Deployment + "-*"}},
		{Sid: "ReadZones", Action: zoneReads, Resource: []string{"arn:aws:route53:::hostedzone/*"}},
		{Sid: "ReadParameters", Action: parameterReads, Resource: []string{
			n.ParameterARN("*"), "arn:aws:ssm:" + n.Region + "::parameter/aws/service/*",
		}},
		{Sid: "ReadBuckets", Action: bucketReads, Resource: bucketARNs(artifacts)},
	}
}

// ReadImages lets read the parameters of images, by their names or ARNs. Those that
// AWS publishes are everybody's.
func ReadImages(n naming.Namer, parameters []string) policy.Document {
	var arns []string
	for _, p := range parameters {
		switch {
		case strings.HasPrefix(p, "/aws/service/"):
			continue
		case !strings.HasPrefix(p, "arn:"):
			p = n.ARN("ssm", "parameter/"+strings.TrimPrefix(p, "/"))
		}
		arns = append(arns, p)
	}
	if len(arns) == 0 {
		return nil
	}
	slices.Sort(arns)
	return policy.Document{{Sid: "ReadImages", Action: []string{"ssm:GetParameter"}, Resource: slices.Compact(arns)}}
}

// Deploy is what an update needs to make roles, parameters, objects and its record:
// with this environment's tags and names, and to change what has them.
// boundary is the ARN of the policy that bounds the roles that it makes.
func Deploy(n naming.Namer, r Record, artifacts, boundary string) policy.Document {
	return slices.Concat(read(n, artifacts), roles(n, boundary), record(r), buckets(n, artifacts), policy.Document{
		{Sid: "Parameters", Action: parameterWrites, Resource: []string{n.ParameterARN("*")}},
	})
}

// buckets lets write releases, and empty and change the bucket where it is the
// environment's own: what is in the account's is of other environments, too, and the
// bucket is for its engineers.
func buckets(n naming.Namer, artifacts string) policy.Document {
	arns := bucketARNs(artifacts)
	d := policy.Document{{Sid: "Releases", Action: objectWrites, Resource: arns[1:]}}
	if artifacts == n.Bucket("artifacts") {
		d = append(d,
			policy.Statement{Sid: "Bucket", Action: bucketWrites, Resource: arns[:1]},
			policy.Statement{Sid: "EmptyBucket", Action: objectDeletes, Resource: arns[1:]},
		)
	}
	return d
}

// DeployNetwork lets make machines and what surrounds them with this environment's
// tags, and change what has them. EC2 asks for each thing that a call touches:
// for what the call makes with the tags of the request, for what is there with
// the tags that it has.
func DeployNetwork(n naming.Namer, there Network) policy.Document {
	made, own := policy.Tagged("aws:RequestTag/", n.OwnTags()), policy.Tagged("aws:ResourceTag/", n.OwnTags())
	snapshots := []string{"arn:aws:ec2:" + n.Region + "::snapshot/*"}
	atOnce := policy.Condition{"StringEquals": made["StringEquals"], "Null": {"ec2:CreateAction": {"false"}}}
	return append(use(n, there), policy.Document{
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
		{Sid: "TagWhatIsMade", Action: []string{"ec2:CreateTags"}, Resource: append(ec2ARNs(n, "*"), snapshots...), Condition: atOnce},
		// A volume that is deleted leaves a snapshot: AWS asks for both. One is made of
		// a snapshot that carries this environment's tags.
		{Sid: "LeaveSnapshot", Action: []string{"ec2:CreateSnapshot"}, Resource: snapshots, Condition: made},
		{Sid: "RestoreSnapshot", Action: []string{"ec2:CreateVolume"}, Resource: snapshots, Condition: own},
	}...)
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

func bucketARNs(bucket string) []string {
	arn := "arn:aws:s3:::" + bucket
	return []string{arn, arn + "/*"}
}

func ec2ARNs(n naming.Namer, resources ...string) []string {
	out := make([]string, len(resources))
	for i, r := range resources {
		out[i] = n.ARN("ec2", r)
	}
	return out
}
