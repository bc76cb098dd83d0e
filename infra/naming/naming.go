package naming

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The longest names that AWS takes, in characters.
const (
	MaxBucket         = 63
	MaxRole           = 64
	MaxProfile        = 128
	MaxPolicy         = 128
	MaxSecurityGroup  = 255
	MaxLaunchTemplate = 125
	MaxAlias          = 238
	MaxLoadBalancer   = 32 // and a target group's
	MaxScalingGroup   = 255
	MaxImagePipeline  = 126
)

// Shared stands for the environment in the tags of what several of them use.
const Shared = "shared"

// The tags that everything carries which can be tagged.
const (
	TagDeployment  = "lablink:deployment"
	TagEnvironment = "lablink:environment"
	TagComponent   = "lablink:component"
	TagManagedBy   = "lablink:managed-by"
	TagPool        = "lablink:pool"
	TagPipeline    = "lablink:pipeline"
)

// Namer names the parts of one deployment in one environment.
type Namer struct {
	Deployment, Environment string
	// AccountID and Region make names unique where they are shared more widely.
	AccountID, Region string
}

// Name is {deployment}-{what}-{environment} in at most limit characters.
func (n Namer) Name(what string, limit int) string {
	return fit(n.Deployment+"-", what, "-"+n.Environment, limit)
}

// LoadBalancer is the name of a load balancer or of a target group. AWS keeps
// names that begin with "internal-" for itself: a deployment that is called so is
// known by a hash.
func (n Namer) LoadBalancer(what string) string {
	name := n.Name(what, MaxLoadBalancer)
	if strings.HasPrefix(name, "internal-") {
		return fit(hash(n.Deployment)+"-", what, "-"+n.Environment, MaxLoadBalancer)
	}
	return name
}

// LoadBalancers is the pattern of names that LoadBalancer gives.
func (n Namer) LoadBalancers() string {
	if strings.HasPrefix(n.Deployment+"-", "internal-") {
		return hash(n.Deployment) + "-*"
	}
	return n.Deployment + "-*"
}

// IAM is a name for IAM, which knows no Regions: the Region is added.
func (n Namer) IAM(what string, limit int) string {
	return fit(n.Deployment+"-", what, "-"+n.Environment+"-"+n.Region, limit)
}

// IAMPath is where IAM keeps what machines act under, for policies: a pattern of
// names would match those of others (test those of pre-test), but there is no
// slash in a name.
func (n Namer) IAMPath() string {
	return "/lablink/" + n.Deployment + "/" + n.Environment + "/" + n.Region + "/"
}

// Bucket is a name for S3, which is one for all of AWS: account and Region are
// added.
func (n Namer) Bucket(what string) string {
	return fit(n.Deployment+"-"+what+"-", n.Environment+"-"+n.AccountID+"-"+n.Region, "", MaxBucket)
}

// ParameterPath is /lablink/{deployment}/{environment}/{what} in SSM.
func (n Namer) ParameterPath(what string) string {
	return "/lablink/" + n.Deployment + "/" + n.Environment + "/" + what
}

// ARN names a regional thing of this account.
func (n Namer) ARN(service, resource string) string {
	return "arn:aws:" + service + ":" + n.Region + ":" + n.AccountID + ":" + resource
}

// ParameterARN is the ARN of the SSM parameter at ParameterPath(what).
func (n Namer) ParameterARN(what string) string {
	return n.ARN("ssm", "parameter"+n.ParameterPath(what))
}

// MachineRoleARN is the ARN of a role of machines, which is at IAMPath.
func (n Namer) MachineRoleARN(name string) string {
	return "arn:aws:iam::" + n.AccountID + ":role" + n.IAMPath() + name
}

// RoleARN is the ARN of a role of this account that has no path.
func (n Namer) RoleARN(name string) string {
	return "arn:aws:iam::" + n.AccountID + ":role/" + name
}

// Tags are the tags of a part of component, with its name.
func (n Namer) Tags(component, name string) pulumi.StringMap {
	tags := pulumi.StringMap{"Name": pulumi.String(name)}
	for k, v := range n.PlainTags(component) {
		tags[k] = pulumi.String(v)
	}
	return tags
}

// PlainTags are the tags of a part of component.
func (n Namer) PlainTags(component string) map[string]string {
	tags := n.OwnTags()
	tags[TagComponent], tags[TagManagedBy] = component, "pulumi"
	return tags
}

// OwnTags are the tags by which policies know this environment's things.
func (n Namer) OwnTags() map[string]string {
	return map[string]string{TagDeployment: n.Deployment, TagEnvironment: n.Environment}
}

// hashDigits is how many hexadecimal digits of a hash stand for what was cut.
const hashDigits = 8

// fit is before+middle+after in at most limit characters. What is too long loses
// the end of its middle to a hash of the whole, so that different names stay
// different, and begin and end as people expect.
func fit(before, middle, after string, limit int) string {
	whole := before + middle + after
	if len(whole) <= limit {
		return whole
	}
	hash := hash(whole)
	room := limit - len(before) - len(after) - hashDigits - 1
	if room > 0 {
		return before + strings.TrimRight(middle[:room], "-") + "-" + hash + after
	}
	if len(before)+hashDigits+len(after) <= limit {
		return before + hash + after
	}
	return strings.TrimRight(whole[:limit-hashDigits-1], "-") + "-" + hash
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:hashDigits]
}
