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
	MaxSecurityGroup  = 255
	MaxLaunchTemplate = 125
	MaxAlias          = 238
)

// The tags that everything carries which can be tagged.
const (
	TagDeployment  = "lablink:deployment"
	TagEnvironment = "lablink:environment"
	TagComponent   = "lablink:component"
	TagManagedBy   = "lablink:managed-by"
	TagPool        = "lablink:pool"
)

// Namer names the parts of one deployment in one environment.
type Namer struct {
	Deployment, Environment string
	// AccountID and Region make names unique where they are shared more widely.
	AccountID, Region string
}

// Name is {deployment}-{what}-{environment} in at most limit characters.
func (n Namer) Name(what string, limit int) string {
	return shorten(n.Deployment+"-"+what+"-"+n.Environment, limit)
}

// IAM is a name for IAM, which knows no Regions: the Region is added.
func (n Namer) IAM(what string, limit int) string {
	return shorten(n.Deployment+"-"+what+"-"+n.Environment+"-"+n.Region, limit)
}

// Bucket is a name for S3, which is one for all of AWS: account and Region are
// added.
func (n Namer) Bucket(what string) string {
	return shorten(n.Deployment+"-"+what+"-"+n.Environment+"-"+n.AccountID+"-"+n.Region, MaxBucket)
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

// RoleARN is the ARN of a role of this account.
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
	return map[string]string{
		TagDeployment: n.Deployment, TagEnvironment: n.Environment,
		TagComponent: component, TagManagedBy: "pulumi",
	}
}

// shorten cuts a name to limit characters, the last seven being a hash.
func shorten(name string, limit int) string {
	if len(name) <= limit {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return strings.TrimRight(name[:limit-7], "-") + "-" + hex.EncodeToString(sum[:])[:6]
}
