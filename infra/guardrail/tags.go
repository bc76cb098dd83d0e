package guardrail

import (
	"fmt"
	"slices"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

// untaggable are the types that AWS gives no tags. What is not listed must have
// them, so a new type is noticed.
var untaggable = []string{
	"aws:cloudwatch/dashboard:Dashboard", topicPolicy, "aws:sns/topicSubscription:TopicSubscription",
	"aws:ec2/eipAssociation:EipAssociation", "aws:ec2/route:Route", "aws:ec2/routeTableAssociation:RouteTableAssociation",
	"aws:ec2/volumeAttachment:VolumeAttachment", rolePolicy, roleAttachment, "aws:kms/alias:Alias", route53Record,
	bucketPolicy, bucketAccess, bucketEncryption, bucketVersioning,
	"aws:acm/certificateValidation:CertificateValidation", "aws:lb/targetGroupAttachment:TargetGroupAttachment",
}

// Who manages a thing: the program, or the allocator that it deploys.
const (
	byProgram   = "pulumi"
	byAllocator = "allocator"
)

func everythingIsTagged(s Stack) []string {
	var out []string
	for _, r := range s.Records {
		if r.Module() != "aws" || slices.Contains(untaggable, r.Type) {
			continue
		}
		kinds := []string{"tags"}
		switch r.Type { // what is made elsewhere, as these say
		case infrastructure:
			kinds = append(kinds, "resourceTags")
		case distribution:
			kinds = append(kinds, "distributions[0].amiDistributionConfiguration.amiTags")
		}
		for _, kind := range kinds {
			if !s.tagged(r.Get(kind), byProgram) && !s.shared(r) {
				out = append(out, r.Type+" "+r.Name+" has not all tags in its "+kind)
			}
		}
		if !s.makesTagged(r) {
			out = append(out, r.Type+" "+r.Name+" makes what has no tags")
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

func (s Stack) tagged(tags any, by string) bool {
	all := tagsOf(tags)
	component, _ := all[naming.TagComponent].(string)
	return all[naming.TagDeployment] == s.Namer.Deployment && all[naming.TagEnvironment] == s.Namer.Environment && component != "" && all[naming.TagManagedBy] == by
}

// shared reports whether a thing is an object in a bucket of several environments,
// of which any may have made it.
func (s Stack) shared(r recording.Record) bool {
	of := s
	of.Namer.Environment = naming.Shared
	return r.Type == bucketObject && of.tagged(r.Get("tags"), byProgram)
}

// makesTagged reports whether what EC2 makes of an instance or of a template has
// tags, too: root volumes, hosts and the allocator's machines.
func (s Stack) makesTagged(r recording.Record) bool {
	switch r.Type {
	case instance:
		return s.tagged(r.Get("volumeTags"), byProgram)
	case template:
		by := byAllocator
		if r.Name == hostTemplate {
			by = byProgram // no allocator ends another
		}
		for i, what := range []string{"instance", "volume"} {
			at := fmt.Sprintf("tagSpecifications[%d].", i)
			if r.Text(at+"resourceType") != what || !s.tagged(r.Get(at+"tags"), by) {
				return false
			}
		}
	}
	return true
}
