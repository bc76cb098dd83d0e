package terraform_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli/terraform"
)

// later is what the report says of the way back when Terraform has destroyed the rest.
func later(t *testing.T, raw []byte) string {
	t.Helper()
	_, steps, found := strings.Cut(written(t, plan(t, raw, terraform.Config{}))[".report.md"], "### When Terraform has destroyed the rest\n")
	require.True(t, found)
	return steps
}

func TestWhatTerraformForgotItImportsBeforeItMakesTheRestAnew(t *testing.T) {
	states := map[string][]byte{"with a bucket": withBucket(t)}
	for _, name := range generations {
		states[name] = file(t, name+".tfstate")
	}
	for name, raw := range states {
		p, steps := plan(t, raw, terraform.Config{}), later(t, raw)
		for _, address := range p.Forget {
			made := address == "aws_eip_association.lablink_allocator_ip_assoc"
			assert.Equal(t, !made, strings.Contains(steps, "'"+address+"' '"), "%s: %s is imported", name, address)
		}
	}
	bucket := later(t, withBucket(t))
	for _, what := range []string{"'aws_s3_bucket.trail' 'pose-lab-trail'", "'aws_s3_bucket_policy.trail' 'pose-lab-trail'", "'aws_s3_bucket_acl.trail' 'pose-lab-trail,private'"} {
		assert.Contains(t, bucket, `   tofu -chdir="$OLD" import -var deployment_name=pose-lab -var environment=prod `+what+"\n")
	}
	assert.Contains(t, later(t, without(t, "template", "aws_route53_record")), "\n2. Terraform forgot nothing that it would have to import.\n\n3. ")
}

func TestALookedUpAddressGetsItsTagsBeforeTerraformLooksForItAndTheStackGoesLast(t *testing.T) {
	for name, lookedUp := range map[string]bool{"template": true, "template-acm": false, "older": false} {
		steps := later(t, file(t, name+".tfstate"))
		tags, imported, applied, gone := strings.Index(steps, "by step 2 above"), strings.Index(steps, " import "), strings.Index(steps, "apply again.tfplan"), strings.Index(steps, "by step 4 above")
		assert.Equal(t, lookedUp, tags >= 0, "%s: %s", name, steps)
		assert.IsIncreasing(t, []int{tags, imported, applied, gone}, "%s: %s", name, steps)
	}
}

func TestNobodyDeploysOrDestroysByTheOldWorkflowsWhileADeploymentMoves(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(root, "docs", "coming-from-terraform.md"))
	require.NoError(t, err)
	first, _, found := strings.Cut(string(raw), "\n### 2. ")
	require.True(t, found)
	for _, workflow := range []string{"terraform-deploy.yml", "terraform-destroy.yml", "lablink-allocator-terraform.yml", "lablink-allocator-destroy.yml"} {
		assert.Contains(t, first, "`gh workflow disable "+workflow+"`")
	}
}
