package identity

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

const (
	stateBucket = "arn:aws:s3:::lablink-state"
	stateKey    = "arn:aws:kms:us-west-2:123456789012:key/k"
)

func TestARoleReachesTheStateOfItsOwnStackAlone(t *testing.T) {
	for _, c := range []struct {
		why, action, resource string
		look, deploy          iam.Decision
		encrypted             string // what the encryption context names
	}{
		{"the bucket's list", "s3:ListBucket", stateBucket, iam.Allowed, iam.Allowed, ""},
		{"the version of the store", "s3:GetObject", stateBucket + "/.pulumi/meta.yaml", iam.Allowed, iam.Allowed, ""},
		{"its state", "s3:GetObject", stateBucket + "/.pulumi/stacks/lablink/test.json", iam.Allowed, iam.Allowed, ""},
		{"its compressed state", "s3:GetObject", stateBucket + "/.pulumi/stacks/lablink/test.json.gz", iam.Allowed, iam.Allowed, ""},
		{"the account's outputs", "s3:GetObject", stateBucket + "/.pulumi/stacks/lablink/account.json", iam.Allowed, iam.Allowed, ""},
		{"the state of production", "s3:GetObject", stateBucket + "/.pulumi/stacks/lablink/prod.json", iam.Implicit, iam.Implicit, ""},
		{"the state of a stack that begins alike", "s3:GetObject", stateBucket + "/.pulumi/stacks/lablink/test2.json", iam.Implicit, iam.Implicit, ""},
		{"secrets in its state", "kms:Decrypt", stateKey, iam.Allowed, iam.Allowed, "test"},
		{"secrets in production's state", "kms:Decrypt", stateKey, iam.Implicit, iam.Implicit, "prod"},
		{"secrets of nobody's", "kms:Decrypt", stateKey, iam.Implicit, iam.Implicit, ""},
		{"objects of the bucket", "kms:Decrypt", stateKey, iam.Allowed, iam.Allowed, "lablink-state"},
		{"objects of another bucket", "kms:Decrypt", stateKey, iam.Implicit, iam.Implicit, "other"},
		{"writing objects of the bucket", "kms:GenerateDataKey", stateKey, iam.Implicit, iam.Allowed, "lablink-state"},
		{"secrets for production's state", "kms:Encrypt", stateKey, iam.Implicit, iam.Implicit, "prod"},
		{"another key", "kms:Decrypt", "arn:aws:kms:us-west-2:123456789012:key/other", iam.Implicit, iam.Implicit, "test"},

		{"writing its state", "s3:PutObject", stateBucket + "/.pulumi/stacks/lablink/test.json", iam.Implicit, iam.Allowed, ""},
		{"its lock", "s3:PutObject", stateBucket + "/.pulumi/locks/organization/lablink/test/0.json", iam.Implicit, iam.Allowed, ""},
		{"taking its lock away", "s3:DeleteObject", stateBucket + "/.pulumi/locks/organization/lablink/test/0.json", iam.Implicit, iam.Allowed, ""},
		{"its history", "s3:PutObject", stateBucket + "/.pulumi/history/lablink/test/test-1.history.json", iam.Implicit, iam.Allowed, ""},
		{"a backup", "s3:PutObject", stateBucket + "/.pulumi/backups/lablink/test/test.1.json", iam.Implicit, iam.Allowed, ""},
		{"writing the state of production", "s3:PutObject", stateBucket + "/.pulumi/stacks/lablink/prod.json", iam.Implicit, iam.Implicit, ""},
		{"writing the account's state", "s3:PutObject", stateBucket + "/.pulumi/stacks/lablink/account.json", iam.Implicit, iam.Implicit, ""},
		{"deleting the bucket", "s3:DeleteBucket", stateBucket, iam.Implicit, iam.Implicit, ""},
		{"secrets for its state", "kms:Encrypt", stateKey, iam.Implicit, iam.Allowed, "test"},
		{"deleting the key", "kms:ScheduleKeyDeletion", stateKey, iam.Implicit, iam.Implicit, ""},
	} {
		for write, want := range map[bool]iam.Decision{false: c.look, true: c.deploy} {
			text, err := state("lablink-state", stateKey, "test", "organization/lablink/account", write).JSON()
			require.NoError(t, err)
			d, err := iam.Parse(text, iam.Identity)
			require.NoError(t, err)
			got := iam.Evaluate(iam.Request{Action: c.action, Resource: c.resource, Context: encrypted(c.encrypted)}, d)
			assert.Equal(t, want, got, "%s (write: %t): %s on %s", c.why, write, c.action, c.resource)
		}
	}
}

// encrypted is the context of a call of KMS: for a stack's secrets, or by S3 for a
// bucket.
func encrypted(what string) map[string][]string {
	switch what {
	case "":
		return nil
	case "test", "prod":
		return map[string][]string{"kms:EncryptionContext:stack": {what}}
	}
	return map[string][]string{"kms:EncryptionContext:aws:s3:arn": {"arn:aws:s3:::" + what}, "kms:ViaService": {"s3.us-west-2.amazonaws.com"}}
}
