package program_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

const (
	role       = "aws:iam/role:Role"
	rolePolicy = "aws:iam/rolePolicy:RolePolicy"
	managed    = "aws:iam/policy:Policy"
	bucket     = "aws:s3/bucketV2:BucketV2"
)

func bucketsAreClosed(r *recording.Recording) []string {
	return each(r, bucket, func(b recording.Record) string {
		name := b.Text("bucket")
		about := func(typ string) recording.Record {
			for _, record := range r.Of("aws:s3/" + typ) {
				if record.Text("bucket") == name {
					return record
				}
			}
			return recording.Record{}
		}
		for _, way := range []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"} {
			if about("bucketPublicAccessBlock:BucketPublicAccessBlock").Get(way) != true {
				return "can be opened: " + way
			}
		}
		if about("bucketVersioningV2:BucketVersioningV2").Text("versioningConfiguration.status") != "Enabled" {
			return "keeps no versions"
		}
		const algorithm = "rules[0].applyServerSideEncryptionByDefault.sseAlgorithm"
		if about("bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2").Text(algorithm) == "" {
			return "is not encrypted"
		}
		return plainHTTP(about("bucketPolicy:BucketPolicy").Text("policy"), name)
	})
}

// plainHTTP tells when a bucket's policy lets somebody in without TLS.
func plainHTTP(policy, bucket string) string {
	document, err := iam.Parse(policy, iam.Resource)
	if err != nil {
		return err.Error()
	}
	for _, resource := range []string{"arn:aws:s3:::" + bucket, "arn:aws:s3:::" + bucket + "/x"} {
		request := iam.Request{
			PrincipalType: "AWS", Principal: "arn:aws:iam::123456789012:root", Action: "s3:GetObject", Resource: resource,
			Context: map[string][]string{"aws:SecureTransport": {"false"}},
		}
		if iam.Evaluate(request, document) != iam.Denied {
			return "can be read without TLS"
		}
	}
	return ""
}

// policiesAreNarrow refuses what would let a role do anything, or something to
// anything. Only looking takes any resource: AWS gives it none.
func policiesAreNarrow(r *recording.Recording) []string {
	read := func(p recording.Record) string {
		document, err := iam.Parse(p.Text("policy"), iam.Identity)
		if err != nil {
			return err.Error()
		}
		for _, s := range document.Statement {
			if s.Effect == "Allow" && p.Name != "boundary" && !narrow(s) { // a boundary gives nothing
				return fmt.Sprintf("allows %v on %v", s.Action, s.Resource)
			}
		}
		return ""
	}
	return slices.Concat(
		each(r, rolePolicy, read), each(r, managed, read),
		each(r, role, func(p recording.Record) string {
			if p.Get("managedPolicyArns") != nil || p.Get("inlinePolicies") != nil {
				return "has policies that this rule does not read"
			}
			return ""
		}),
		topicsAreForAlarms(r),
		each(r, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", func(a recording.Record) string {
			for _, p := range r.Of(managed) {
				if strings.HasSuffix(a.Text("policyArn"), "/"+p.Text("name")) {
					return ""
				}
			}
			return "attaches a policy that this rule does not read"
		}),
	)
}

// unbound are actions that AWS gives no resource, beside those that look: the
// Service Authorization Reference lists none for ec2messages and ssmmessages.
var unbound = []string{"ec2messages:", "ssmmessages:"}

func narrow(s iam.Statement) bool {
	if len(s.NotAction) > 0 || len(s.NotResource) > 0 {
		return false
	}
	for _, action := range s.Action {
		_, verb, _ := strings.Cut(action, ":")
		looks := strings.HasPrefix(verb, "Describe") || strings.HasPrefix(verb, "List") || verb == "GetCallerIdentity" ||
			slices.ContainsFunc(unbound, func(service string) bool { return strings.HasPrefix(action, service) })
		if verb == "" || verb == "*" || slices.Contains(s.Resource, "*") && !looks {
			return false
		}
	}
	return true
}

// machineRolesAreBounded reads the same roles: whatever policies they are given,
// the boundary stays.
func machineRolesAreBounded(r *recording.Recording) []string {
	return each(r, role, func(p recording.Record) string {
		if bounded := strings.Contains(p.Text("permissionsBoundary"), ":policy/lablink-boundary-"); bounded == strings.HasPrefix(p.Text("path"), "/lablink/") {
			return ""
		}
		return "is bounded by " + p.Text("permissionsBoundary")
	})
}

// machineRolesAreForEC2 reads the roles that instance profiles hand to machines.
func machineRolesAreForEC2(r *recording.Recording) []string {
	handed := map[string]bool{}
	for _, profile := range r.Of("aws:iam/instanceProfile:InstanceProfile") {
		handed[profile.Text("role")] = true
	}
	return each(r, role, func(p recording.Record) string {
		document, err := iam.Parse(p.Text("assumeRolePolicy"), iam.Trust)
		if err != nil {
			return err.Error()
		}
		for _, s := range document.Statement {
			who := *s.Principal
			if handed[p.Text("name")] && (len(who) != 1 || !slices.Equal(who["Service"], []string{"ec2.amazonaws.com"})) {
				return fmt.Sprintf("trusts %v", who)
			}
		}
		return ""
	})
}
