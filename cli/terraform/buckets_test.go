package terraform_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/talmolab/lablink-infrastructure/cli/terraform"
)

// withBucket is a state with a bucket, what is set on it and an object in it, and with
// a policy on a bucket that is somebody else's.
func withBucket(t *testing.T) []byte {
	t.Helper()
	var blocks strings.Builder
	for _, b := range []struct{ kind, name, id, bucket string }{
		{"aws_s3_bucket", "trail", "pose-lab-trail", "pose-lab-trail"},
		{"aws_s3_bucket_acl", "trail", "pose-lab-trail,private", "pose-lab-trail"},
		{"aws_s3_bucket_lifecycle_configuration", "trail", "pose-lab-trail", "pose-lab-trail"},
		{"aws_s3_bucket_object", "page", "page.html", "pose-lab-trail"},
		{"aws_s3_bucket_policy", "others", "somebodys", "somebodys"},
		{"aws_s3_bucket_policy", "trail", "pose-lab-trail", "pose-lab-trail"},
		{"aws_s3_bucket_public_access_block", "trail", "pose-lab-trail", "pose-lab-trail"},
		{"aws_s3_bucket_server_side_encryption_configuration", "trail", "pose-lab-trail", "pose-lab-trail"},
		{"aws_s3_bucket_versioning", "trail", "pose-lab-trail", "pose-lab-trail"},
	} {
		fmt.Fprintf(&blocks, `{"mode": "managed", "type": %q, "name": %q, "instances": [{"attributes": {"id": %q, "bucket": %q}}]},`, b.kind, b.name, b.id, b.bucket)
	}
	return changed(t, "template", `"resources": [`, `"resources": [`+blocks.String())
}

func TestABucketThatTerraformMadeIsForgottenWithItsSettingsAndStays(t *testing.T) {
	before, p := plan(t, file(t, "template.tfstate"), terraform.Config{}), plan(t, withBucket(t), terraform.Config{})
	assert.Equal(t, []string{
		"aws_s3_bucket.trail", "aws_s3_bucket_acl.trail", "aws_s3_bucket_lifecycle_configuration.trail", "aws_s3_bucket_policy.trail",
		"aws_s3_bucket_public_access_block.trail", "aws_s3_bucket_server_side_encryption_configuration.trail", "aws_s3_bucket_versioning.trail",
	}, p.Forget[len(before.Forget):])
	left := []string{"aws_s3_bucket_object.page", "aws_s3_bucket_policy.others"}
	for _, l := range before.Left {
		left = append(left, l.Address)
	}
	var destroyed []string
	for _, l := range p.Left {
		destroyed = append(destroyed, l.Address)
	}
	assert.ElementsMatch(t, left, destroyed, "an object is made again of a file, and a bucket of somebody else's is not kept")
	report := written(t, p)[".report.md"]
	assert.Contains(t, report, "| bucket pose-lab-trail | `pose-lab-trail` | `aws_s3_bucket.trail`, `aws_s3_bucket_acl.trail`, ")
	assert.Contains(t, report, "| bucket tf-state-example-lablink with Terraform's states |")
}
