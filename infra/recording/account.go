package recording

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Account describes the AWS account that look-ups are answered from.
type Account struct {
	ID, Region string
	// Zones are availability zones; LocalZones are extensions of the Region near
	// some city, which an account may have switched on.
	Zones, LocalZones []string
	// ImpairedZones are those of Zones that are not in the state "available".
	ImpairedZones []string
	InstanceTypes map[string]InstanceType
	Images        map[string]Image
	// Built are the images of pipelines, by the pipeline's name, the newest first.
	Built map[string][]string
	// Parameters are public and own SSM parameters. DeniedParameters are those that
	// may not be read.
	Parameters       map[string]string
	DeniedParameters []string
	// HostedZones are the ids of the public zones of each name.
	HostedZones map[string][]string
	// CloudflareZones are the ids of Cloudflare's zones of each name,
	// CloudflareRanges the IPv4 ranges that it says it connects from.
	CloudflareZones  map[string][]string
	CloudflareRanges []string
	// OIDCProvider is the ARN of GitHub's identity provider; empty without one.
	OIDCProvider string
	// OIDCClients are whom its tokens are made out to (nil: AWS STS), OIDCTags its
	// tags.
	OIDCClients []string
	OIDCTags    map[string]string
	// Failing are what functions fail with instead of answering, by their tokens.
	Failing map[string]string
	// ServiceRoles are the ARNs of the service-linked roles that exist.
	ServiceRoles []string
	// NoDefaultVPC is an account whose Region has no default VPC any more.
	NoDefaultVPC bool
	// VPCs are the VPCs that exist, with their subnets by id.
	VPCs map[string]map[string]Subnet
	// Snapshots are the account's own snapshots of volumes, by id.
	Snapshots map[string]Snapshot
	// Volumes are the volumes that exist, by id.
	Volumes map[string]Volume
	// Planned are the names of resources that do not exist yet: a preview does not
	// know their ids.
	Planned []string
	// Objects are the contents of objects, by bucket/key.
	Objects map[string]string
	// Stacks are the outputs of other stacks, by name.
	Stacks map[string]map[string]any
}

// InstanceType is a type of EC2 instance.
type InstanceType struct {
	Architectures []string
	Hypervisor    string   // empty: nitro
	Zones         []string // where it is offered; nil: in every zone
}

// Subnet is a subnet that exists. Unless it is Private, its route table leads to an
// internet gateway. One without a Table follows its VPC's main one.
type Subnet struct {
	Zone, Cidr, Table    string
	Private, NoPublicIPs bool
}

// Snapshot is a snapshot of a volume: completed and encrypted, unless it is not.
type Snapshot struct {
	GiB              int
	Tags             map[string]string
	State, Tier      string // empty: completed, standard
	ReadableByAnyone bool   // not encrypted
}

// Volume is a volume that exists. One that is attached is some instance's.
type Volume struct {
	Zone, Snapshot string
	Tags           map[string]string
	Attached       bool
}

// Image is a machine image.
type Image struct {
	Name, Architecture string
	SnapshotGiB        int // the size of its root volume; 0: 8
	// Deprecated images are found only by those who ask for them too.
	Deprecated bool
}

// create is what AWS answers to the creation of a resource.
func (a Account) create(r Record) (id string, state resource.PropertyMap) {
	state = maps.Clone(r.Inputs)
	if state == nil {
		state = resource.PropertyMap{}
	}
	if slices.Contains(a.Planned, r.Name) {
		return "", state
	}
	id = r.Name + "-id"
	set := func(key, value string) { state[resource.PropertyKey(key)] = resource.NewProperty(value) }
	set("arn", a.arn(r))
	switch r.Type {
	case "aws:ec2/eip:Eip":
		set("publicIp", "203.0.113.10")
	case "aws:ec2/instance:Instance":
		set("publicIp", "203.0.113.20")
	case "aws:ec2/networkInterface:NetworkInterface":
		set("privateIp", cmp.Or(r.Text("privateIps[0]"), "10.99.0.4"))
	case "aws:route53/record:Record":
		set("fqdn", r.Text("name"))
	case "aws:kms/key:Key":
		set("keyId", id)
	case "aws:rds/instance:Instance":
		set("endpoint", r.Text("identifier")+".recorded."+a.Region+".rds.amazonaws.com:5432")
		state["masterUserSecrets"] = resource.NewProperty([]resource.PropertyValue{resource.NewProperty(resource.PropertyMap{
			"secretArn": resource.NewProperty("arn:aws:secretsmanager:" + a.Region + ":" + a.ID + ":secret:rds!" + id),
		})})
	case "cloudflare:index/record:Record":
		set("hostname", r.Text("name"))
	case "cloudflare:index/originCaCertificate:OriginCaCertificate":
		set("certificate", "-----BEGIN CERTIFICATE-----\n"+r.Name+"\n-----END CERTIFICATE-----\n")
	case "aws:lb/loadBalancer:LoadBalancer":
		name := r.Text("name") + "-1234567890." + a.Region + ".elb.amazonaws.com"
		if r.Get("internal") == true {
			name = "internal-" + name
		}
		set("dnsName", name)
		set("zoneId", "Z1H1FL5HABSF5")
		set("arnSuffix", "app/"+r.Text("name")+"/0123456789abcdef")
	case "aws:lb/targetGroup:TargetGroup":
		set("arnSuffix", "targetgroup/"+r.Text("name")+"/0123456789abcdef")
	case "aws:acm/certificate:Certificate":
		state["domainValidationOptions"] = resource.NewPropertyValue([]any{map[string]any{
			"domainName": r.Text("domainName"), "resourceRecordType": "CNAME",
			"resourceRecordName": "_0." + r.Text("domainName") + ".", "resourceRecordValue": "_1.acm-validations.aws.",
		}})
	}
	return id, state
}

func (a Account) arn(r Record) string {
	switch r.Type {
	case "aws:iam/role:Role":
		return "arn:aws:iam::" + a.ID + ":role" + cmp.Or(r.Text("path"), "/") + r.Text("name")
	case "aws:iam/openIdConnectProvider:OpenIdConnectProvider":
		return "arn:aws:iam::" + a.ID + ":oidc-provider/token.actions.githubusercontent.com"
	case "aws:iam/policy:Policy":
		return "arn:aws:iam::" + a.ID + ":policy" + cmp.Or(r.Text("path"), "/") + r.Text("name")
	case "aws:kms/key:Key":
		return "arn:aws:kms:" + a.Region + ":" + a.ID + ":key/" + r.Name + "-id"
	case "aws:imagebuilder/component:Component":
		return "arn:aws:imagebuilder:" + a.Region + ":" + a.ID + ":component/" + r.Name + "/" + r.Text("version") + "/1"
	}
	return "arn:aws:recorded:" + a.Region + ":" + a.ID + ":" + r.Name
}

// read answers for another stack.
func (a Account) read(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	outputs, ok := a.Stacks[args.ID]
	if args.TypeToken != "pulumi:pulumi:StackReference" || !ok {
		return "", nil, fmt.Errorf("there is no %s %q", args.TypeToken, args.ID)
	}
	values := resource.PropertyMap{}
	var names []resource.PropertyValue
	for name, value := range outputs {
		v := resource.NewPropertyValue(value)
		if s, secret := value.(Secret); secret {
			v = resource.MakeSecret(resource.NewProperty(string(s)))
			names = append(names, resource.NewProperty(name))
		}
		values[resource.PropertyKey(name)] = v
	}
	return args.ID, resource.PropertyMap{
		"name": resource.NewProperty(args.ID), "outputs": resource.NewProperty(values),
		"secretOutputNames": resource.NewProperty(names),
	}, nil
}

// Secret is a text output of another stack that is secret.
type Secret string
