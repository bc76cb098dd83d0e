package program_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

// untaggable are the types that AWS gives no tags. What is not listed must have
// them, so a new type is noticed.
var untaggable = []string{
	"aws:cloudwatch/dashboard:Dashboard", "aws:sns/topicPolicy:TopicPolicy", "aws:sns/topicSubscription:TopicSubscription",
	"aws:ec2/eipAssociation:EipAssociation", "aws:ec2/route:Route", "aws:ec2/routeTableAssociation:RouteTableAssociation",
	"aws:ec2/volumeAttachment:VolumeAttachment", "aws:iam/rolePolicy:RolePolicy",
	"aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:kms/alias:Alias", "aws:route53/record:Record",
	"aws:s3/bucketPolicy:BucketPolicy", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
	"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
	"aws:s3/bucketVersioningV2:BucketVersioningV2",
	"aws:acm/certificateValidation:CertificateValidation", "aws:lb/targetGroupAttachment:TargetGroupAttachment",
}

func everythingIsTagged(r *recording.Recording) []string {
	var out []string
	for _, record := range r.Records {
		if record.Module() != "aws" || slices.Contains(untaggable, record.Type) {
			continue
		}
		kinds := []string{"tags"}
		switch record.Type { // what is made elsewhere, as these say
		case infrastructure:
			kinds = append(kinds, "resourceTags")
		case "aws:imagebuilder/distributionConfiguration:DistributionConfiguration":
			kinds = append(kinds, "distributions[0].amiDistributionConfiguration.amiTags")
		}
		for _, kind := range kinds {
			if !tagged(record.Get(kind), r.Stack, "pulumi") {
				out = append(out, record.Type+" "+record.Name+" "+kind)
			}
		}
		if !makesTagged(record, r.Stack) {
			out = append(out, record.Type+" "+record.Name+" makes what has no tags")
		}
	}
	return out
}

// tagsOf reads tags; those of an auto scaling group are a list.
func tagsOf(tags any) map[string]any {
	list, isList := tags.([]any)
	if !isList {
		all, _ := tags.(map[string]any)
		return all
	}
	all := map[string]any{}
	for _, entry := range list {
		tag, _ := entry.(map[string]any)
		if key, ok := tag["key"].(string); ok {
			all[key] = tag["value"]
		}
	}
	return all
}

func tagged(tags any, environment, by string) bool {
	all := tagsOf(tags)
	component, _ := all["lablink:component"].(string)
	return all["lablink:deployment"] == deployment && all["lablink:environment"] == environment && component != "" && all["lablink:managed-by"] == by
}

// makesTagged reports whether what EC2 makes of an instance or of a template has
// tags, too: root volumes, hosts and the allocator's machines.
func makesTagged(record recording.Record, environment string) bool {
	switch record.Type {
	case instance:
		return tagged(record.Get("volumeTags"), environment, "pulumi")
	case template:
		by := "allocator"
		if record.Name == hostTemplate {
			by = "pulumi" // no allocator ends another
		}
		for i, what := range []string{"instance", "volume"} {
			at := fmt.Sprintf("tagSpecifications[%d].", i)
			if record.Text(at+"resourceType") != what || !tagged(record.Get(at+"tags"), environment, by) {
				return false
			}
		}
	}
	return true
}

// stateful are what cannot be made again as it was, and what keeps it closed.
var stateful = []string{
	volume, bucket, "aws:ec2/eip:Eip", "aws:route53/record:Record", cloudflareRecord, "aws:kms/key:Key",
	"aws:iam/openIdConnectProvider:OpenIdConnectProvider",
	"aws:s3/bucketPolicy:BucketPolicy", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
	"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
	"aws:s3/bucketVersioningV2:BucketVersioningV2",
}

// bucketNamed are the names of a bucket and its settings.
func bucketNamed(name string, more ...string) []string {
	return append(more, name+"-bucket", name+"-closed", name+"-encryption", name+"-policy", name+"-versioning")
}

func TestWhatMustSurviveIsProtectedAndRetained(t *testing.T) {
	for stack, want := range map[string]struct {
		protected bool
		names     []string
	}{
		"prod":    {true, bucketNamed("artifacts", "dns-record", "host-address", "host-data")},
		"test":    {false, bucketNamed("artifacts", "dns-record", "host-address", "host-data")},
		"local":   {false, bucketNamed("artifacts", "host-address", "host-data")},
		"account": {true, bucketNamed("artifacts", bucketNamed("state", "github", "state-key")...)},
	} {
		var found []string
		for _, r := range stackOf(t, stack).record(t).Records {
			if slices.Contains(stateful, r.Type) {
				found = append(found, r.Name)
				assert.Equal(t, want.protected, r.Protect, "%s of %s is protected", r.Name, stack)
				assert.Equal(t, want.protected, r.RetainOnDelete, "%s of %s is retained", r.Name, stack)
			} else {
				assert.False(t, r.Protect, "%s of %s can be made again", r.Name, stack)
			}
		}
		assert.ElementsMatch(t, want.names, found, stack)
	}
}

// The state of every stack is in this bucket: it is not emptied, whatever is set.
func TestTheStateBucketIsNeverDeletedWithItsContents(t *testing.T) {
	r := stackOf(t, "account").set(map[string]string{"lablink:protection": "false"}).record(t)
	assert.Equal(t, false, r.Named("state-bucket").Get("forceDestroy"))
	assert.Equal(t, true, r.Named("artifacts-bucket").Get("forceDestroy"), "what can be built again may go")
	assert.Equal(t, false, stackOf(t, "prod").record(t).Named("artifacts-bucket").Get("forceDestroy"))
}
