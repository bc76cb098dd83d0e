package naming_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
)

var lab = naming.Namer{Deployment: "lablink", Environment: "test", AccountID: "123456789012", Region: "us-west-2"}

func TestNamesSayWhatAndWhere(t *testing.T) {
	for _, c := range []struct{ what, got, want string }{
		{"a name", lab.Name("allocator", naming.MaxSecurityGroup), "lablink-allocator-test"},
		{"an IAM name", lab.IAM("allocator", naming.MaxRole), "lablink-allocator-test-us-west-2"},
		{"a bucket", lab.Bucket("artifacts"), "lablink-artifacts-test-123456789012-us-west-2"},
		{"a parameter", lab.ParameterPath("secret/admin-password"), "/lablink/lablink/test/secret/admin-password"},
		{"a parameter's ARN", lab.ParameterARN("release"), "arn:aws:ssm:us-west-2:123456789012:parameter/lablink/lablink/test/release"},
		{"a role's ARN", lab.RoleARN("r"), "arn:aws:iam::123456789012:role/r"},
		{"a regional ARN", lab.ARN("ec2", "subnet/subnet-1"), "arn:aws:ec2:us-west-2:123456789012:subnet/subnet-1"},
	} {
		assert.Equal(t, c.want, c.got, c.what)
	}
}

func TestEverythingIsTaggedWithItsDeploymentEnvironmentComponentAndManager(t *testing.T) {
	assert.Equal(t, map[string]string{
		"lablink:deployment": "lablink", "lablink:environment": "test", "lablink:component": "network", "lablink:managed-by": "pulumi",
	}, lab.PlainTags("network"))
	assert.Len(t, lab.Tags("network", "lablink-vpc-test"), 5, "the tags and the name")
}

// bucketName is what S3 takes, less the dots, which TLS does not take.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)

// iamName is what IAM takes.
var iamName = regexp.MustCompile(`^[A-Za-z0-9+=,.@_-]+$`)

// namers are those that settings allow.
var namers = rapid.Custom(func(t *rapid.T) naming.Namer {
	return naming.Namer{
		Deployment:  rapid.StringMatching(`[a-z][a-z0-9-]{1,18}[a-z0-9]`).Draw(t, "deployment"),
		Environment: rapid.StringMatching(`[a-z][a-z0-9-]{0,14}[a-z0-9]`).Draw(t, "environment"),
		AccountID:   rapid.StringMatching(`[0-9]{12}`).Draw(t, "account"),
		Region:      rapid.SampledFrom([]string{"us-west-2", "ap-southeast-1", "mx-central-1"}).Draw(t, "region"),
	}
})

// parts are what pools and components are called.
var parts = rapid.StringMatching(`(allocator|deploy|client-[a-z]([a-z0-9-]{0,18}[a-z0-9])?)`)

func TestNoNameIsLongerThanAWSTakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, what := namers.Draw(t, "namer"), parts.Draw(t, "what")
		for limit, name := range map[int]string{
			naming.MaxRole:          n.IAM(what, naming.MaxRole),
			naming.MaxProfile:       n.IAM(what, naming.MaxProfile),
			naming.MaxSecurityGroup: n.Name(what, naming.MaxSecurityGroup),
			naming.MaxLoadBalancer:  n.LoadBalancer(what),
		} {
			assert.LessOrEqual(t, len(name), limit, "the length of %s", name)
			assert.Regexp(t, iamName, name)
			assert.NotRegexp(t, "--"+n.Environment+"(-"+n.Region+")?$", name, "a dash too many in %s", name)
		}
		assert.Regexp(t, bucketName, n.Bucket(what))
	})
}

func TestDifferentNamesStayDifferentWhenTheyAreCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, one, other := namers.Draw(t, "namer"), parts.Draw(t, "one"), parts.Draw(t, "other")
		for _, limit := range []int{20, 32, naming.MaxRole} {
			if one != other {
				assert.NotEqual(t, n.IAM(one, limit), n.IAM(other, limit), "IAM names of %s and %s", one, other)
			}
			assert.Equal(t, n.IAM(one, limit), n.IAM(one, limit), "the same name twice")
		}
	})
}

// Ten thousand names of one length of which nothing is left but the hash.
func TestTenThousandCutNamesAreTenThousandNames(t *testing.T) {
	n := naming.Namer{Deployment: strings.Repeat("d", 20), Environment: strings.Repeat("e", 16), Region: "ap-southeast-1"}
	seen := map[string]string{}
	for i := range 10_000 {
		what := "client-" + strings.Repeat("p", 8) + string([]rune{rune('a' + i%26), rune('a' + i/26%26), rune('a' + i/676)})
		name := n.IAM(what, naming.MaxRole)
		assert.Empty(t, seen[name], "%s and %s are both %s", what, seen[name], name)
		seen[name] = what
	}
}

func TestACutNameBeginsAndEndsAsAnyOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, what := namers.Draw(t, "namer"), parts.Draw(t, "what")
		name := n.IAM(what, naming.MaxRole)
		assert.True(t, strings.HasPrefix(name, n.Deployment+"-"), "%s begins with %s-", name, n.Deployment)
		assert.True(t, strings.HasSuffix(name, "-"+n.Environment+"-"+n.Region), "%s ends with -%s-%s", name, n.Environment, n.Region)
	})
}

func TestAPathHoldsNoOtherEnvironments(t *testing.T) {
	assert.Equal(t, "/lablink/lablink/test/us-west-2/", lab.IAMPath())
	assert.Equal(t, "arn:aws:iam::123456789012:role/lablink/lablink/test/us-west-2/x", lab.MachineRoleARN("x"))
	rapid.Check(t, func(t *rapid.T) {
		a, b := namers.Draw(t, "one"), namers.Draw(t, "other")
		if a.Deployment != b.Deployment || a.Environment != b.Environment || a.Region != b.Region {
			assert.False(t, strings.HasPrefix(a.IAMPath(), b.IAMPath()), "%s is in %s", a.IAMPath(), b.IAMPath())
		}
	})
}

// balancerName is what Elastic Load Balancing takes for load balancers and target
// groups.
var balancerName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$`)

func TestALoadBalancersNameIsTakenByAWSWhateverTheDeploymentIsCalled(t *testing.T) {
	seen := map[string]bool{}
	for _, deployment := range []string{"lab", "internal", "internal-lab", "lb-internal", strings.Repeat("d", 20), strings.Repeat("d", 19) + "e", "internal-" + strings.Repeat("d", 11)} {
		for _, stack := range []string{"t", "test", strings.Repeat("e", 16), strings.Repeat("e", 15) + "f"} {
			for _, what := range []string{"people", "agents", "people-hosts", "agents-hosts"} {
				n := naming.Namer{Deployment: deployment, Environment: stack}
				name := n.LoadBalancer(what)
				assert.Regexp(t, balancerName, name)
				assert.False(t, strings.HasPrefix(name, "internal-"), "AWS keeps the beginning of %s for itself", name)
				assert.True(t, strings.HasPrefix(name, strings.TrimSuffix(n.LoadBalancers(), "*")), "%s is not of %s", name, n.LoadBalancers())
				assert.False(t, seen[name], "%s is the name of two things", name)
				seen[name] = true
			}
		}
	}
	assert.Equal(t, "lablink-people-test", lab.LoadBalancer("people"))
	rapid.Check(t, func(t *rapid.T) {
		assert.Regexp(t, balancerName, namers.Draw(t, "namer").LoadBalancer(parts.Draw(t, "what")))
	})
}
