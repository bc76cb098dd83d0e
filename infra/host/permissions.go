package host

import (
	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
	"github.com/talmolab/lablink-infrastructure/infra/release"
)

// SecretsName is the path below the deployment's parameters that holds secrets.
const SecretsName = "secret"

// Grants are what the allocator works with, by name.
type Grants struct {
	Namer       naming.Namer
	Bucket      string   // the artifact bucket's name
	ClientRoles []string // names of the roles that clients have
	SubnetIDs   []string // where clients are launched
	ClientGroup string   // the clients' security group
	// ChallengeZone is the hosted zone in which the host proves that Domain is its
	// own. Optional: it may change no record.
	ChallengeZone, Domain string
	// DatabaseSecret is the ARN of the secret with the database's password; empty
	// for SQLite.
	DatabaseSecret string
	Spot           bool // whether a pool's machines may be spot machines
}

// Permissions is what the allocator may do: read its release and its secrets,
// launch machines from its own launch templates with its own tags, and end the
// machines that carry them.
func Permissions(g Grants) policy.Document {
	n := g.Namer
	work := deployed.WorkFolder(n.Deployment, n.Environment)
	own, machine := n.OwnTags(), n.OwnTags()
	machine[naming.TagManagedBy] = "allocator" // the host has Pulumi's, and cannot end itself
	launched := []string{n.ARN("ec2", "instance/*"), n.ARN("ec2", "volume/*")}
	used := []string{
		n.ARN("ec2", "network-interface/*"), n.ARN("ec2", "security-group/"+g.ClientGroup),
		"arn:aws:ec2:" + n.Region + "::image/*", "arn:aws:ec2:" + n.Region + "::snapshot/*",
	}
	for _, id := range g.SubnetIDs {
		used = append(used, n.ARN("ec2", "subnet/"+id))
	}
	roles := make([]string, len(g.ClientRoles))
	for i, role := range g.ClientRoles {
		roles[i] = n.MachineRoleARN(role)
	}
	d := policy.Document{
		{Sid: "ReadPointerAndSecrets", Action: []string{"ssm:GetParameter"}, Resource: []string{
			n.ParameterARN(release.PointerName), n.ParameterARN(SecretsName + "/*"),
		}},
		{Sid: "ReadReleases", Action: []string{"s3:GetObject"}, Resource: releaseObjects(g.Bucket)},
		{Sid: "KeepWork", Action: []string{"s3:GetObject", "s3:PutObject"}, Resource: []string{"arn:aws:s3:::" + g.Bucket + "/" + work + "*"}},
		{
			Sid: "ListWork", Action: []string{"s3:ListBucket"}, Resource: []string{"arn:aws:s3:::" + g.Bucket},
			Condition: policy.Condition{"StringLike": {"s3:prefix": {work + "*"}}},
		},
		{Sid: "Look", Action: []string{
			"ec2:DescribeInstanceTypes", "ec2:DescribeInstances", "ec2:DescribeSpotPriceHistory", "pricing:GetProducts", "servicequotas:GetServiceQuota",
		}, Resource: []string{"*"}},
		{
			Sid: "LaunchFromOwnTemplates", Action: []string{"ec2:CreateFleet", "ec2:RunInstances"},
			Resource: []string{n.ARN("ec2", "launch-template/*")}, Condition: policy.Tagged("aws:ResourceTag/", own),
		},
		{Sid: "Fleets", Action: []string{"ec2:CreateFleet"}, Resource: []string{n.ARN("ec2", "fleet/*")}},
		{
			Sid: "LaunchWithOwnTags", Action: []string{"ec2:RunInstances"}, Resource: launched,
			Condition: policy.Tagged("aws:RequestTag/", machine),
		},
		// AWS asks for both on all that overrides and template name.
		{Sid: "LaunchInto", Action: []string{"ec2:CreateFleet", "ec2:RunInstances"}, Resource: used},
		{
			Sid: "TagAtLaunch", Action: []string{"ec2:CreateTags"}, Resource: launched,
			Condition: policy.Condition{"StringEquals": {"ec2:CreateAction": {"CreateFleet", "RunInstances"}}},
		},
		{
			Sid: "EndAndTagOwn", Action: []string{"ec2:TerminateInstances", "ec2:RebootInstances", "ec2:CreateTags"},
			Resource: []string{n.ARN("ec2", "instance/*")}, Condition: policy.Tagged("aws:ResourceTag/", machine),
		},
		{
			Sid: "HandRolesToClients", Action: []string{"iam:PassRole"}, Resource: roles,
			Condition: policy.Condition{"StringEquals": {"iam:PassedToService": {"ec2.amazonaws.com"}}},
		},
	}
	if g.DatabaseSecret != "" {
		d = append(d, policy.Statement{Sid: "ReadDatabaseSecret", Action: []string{"secretsmanager:GetSecretValue"}, Resource: []string{g.DatabaseSecret}})
	}
	if g.Spot {
		// EC2 makes the request for each machine; it has no tags of its own.
		d = append(d, policy.Statement{
			Sid: "AskForSpot", Action: []string{"ec2:RunInstances"}, Resource: []string{n.ARN("ec2", "spot-instances-request/*")},
		})
	}
	return append(d, challenge(g)...)
}

// challenge lets set and remove one text in one zone: the one by which a
// certificate authority sees whose the name is.
func challenge(g Grants) policy.Document {
	if g.ChallengeZone == "" {
		return nil
	}
	return policy.Document{
		{
			Sid: "ProveTheName", Action: []string{"route53:ChangeResourceRecordSets"}, Resource: []string{"arn:aws:route53:::hostedzone/" + g.ChallengeZone},
			Condition: policy.Condition{"ForAllValues:StringEquals": {
				"route53:ChangeResourceRecordSetsNormalizedRecordNames": {"_acme-challenge." + g.Domain},
				"route53:ChangeResourceRecordSetsRecordTypes":           {"TXT"},
				"route53:ChangeResourceRecordSetsActions":               {"UPSERT", "DELETE"},
			}},
		},
		{Sid: "SeeChanges", Action: []string{"route53:GetChange"}, Resource: []string{"arn:aws:route53:::change/*"}},
	}
}

// ClientPermissions is what a client machine may do: read its release. The
// agent's proof needs no permission.
func ClientPermissions(n naming.Namer, bucket string) policy.Document {
	return policy.Document{
		{Sid: "ReadPointer", Action: []string{"ssm:GetParameter"}, Resource: []string{n.ParameterARN(release.PointerName)}},
		{Sid: "ReadReleases", Action: []string{"s3:GetObject"}, Resource: releaseObjects(bucket)[:2]},
	}
}

// releaseObjects are the objects of releases; the settings come last.
func releaseObjects(bucket string) []string {
	arn := "arn:aws:s3:::" + bucket + "/"
	return []string{arn + "releases/*", arn + "artifacts/*", arn + "settings/*"}
}
