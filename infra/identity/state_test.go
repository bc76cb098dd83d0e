package identity

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

const (
	stateBucket  = "arn:aws:s3:::lablink-state"
	stateObjects = stateBucket + "/.pulumi/"
	stateKey     = "arn:aws:kms:us-west-2:123456789012:key/k"
)

func TestARoleReachesTheStateOfItsOwnStackAlone(t *testing.T) {
	type access struct{ look, deploy iam.Decision }
	both, deploy, nobody := access{iam.Allowed, iam.Allowed}, access{iam.Implicit, iam.Allowed}, access{iam.Implicit, iam.Implicit}
	for may, calls := range map[access][]struct {
		why, action, resource string
		encrypted             string // what the encryption context names
	}{
		both: {
			{"the bucket's list", "s3:ListBucket", stateBucket, ""},
			{"the version of the store", "s3:GetObject", stateObjects + "meta.yaml", ""},
			{"its state", "s3:GetObject", stateObjects + "stacks/lablink/test.json", ""},
			{"its compressed state", "s3:GetObject", stateObjects + "stacks/lablink/test.json.gz", ""},
			{"the account's outputs", "s3:GetObject", stateObjects + "stacks/lablink/account.json", ""},
			{"secrets in its state", "kms:Decrypt", stateKey, "test"},
			{"objects of the bucket", "kms:Decrypt", stateKey, "lablink-state"},
		},
		deploy: {
			{"writing its state", "s3:PutObject", stateObjects + "stacks/lablink/test.json", ""},
			{"its lock", "s3:PutObject", stateObjects + "locks/organization/lablink/test/0.json", ""},
			{"taking its lock away", "s3:DeleteObject", stateObjects + "locks/organization/lablink/test/0.json", ""},
			{"its history", "s3:PutObject", stateObjects + "history/lablink/test/test-1.history.json", ""},
			{"a backup", "s3:PutObject", stateObjects + "backups/lablink/test/test.1.json", ""},
			{"secrets for its state", "kms:Encrypt", stateKey, "test"},
			{"writing objects of the bucket", "kms:GenerateDataKey", stateKey, "lablink-state"},
		},
		nobody: {
			{"the state of production", "s3:GetObject", stateObjects + "stacks/lablink/prod.json", ""},
			{"the state of a stack that begins alike", "s3:GetObject", stateObjects + "stacks/lablink/test2.json", ""},
			{"writing the state of production", "s3:PutObject", stateObjects + "stacks/lablink/prod.json", ""},
			{"writing the account's state", "s3:PutObject", stateObjects + "stacks/lablink/account.json", ""},
			{"deleting the bucket", "s3:DeleteBucket", stateBucket, ""},
			{"secrets in production's state", "kms:Decrypt", stateKey, "prod"},
			{"secrets of nobody's", "kms:Decrypt", stateKey, ""},
			{"objects of another bucket", "kms:Decrypt", stateKey, "other"},
			{"secrets for production's state", "kms:Encrypt", stateKey, "prod"},
			{"another key", "kms:Decrypt", "arn:aws:kms:us-west-2:123456789012:key/other", "test"},
			{"deleting the key", "kms:ScheduleKeyDeletion", stateKey, ""},
		},
	} {
		for write, want := range map[bool]iam.Decision{false: may.look, true: may.deploy} {
			text, err := state("lablink-state", stateKey, "test", "organization/lablink/account", write).JSON()
			require.NoError(t, err)
			d, err := iam.Parse(text, iam.Identity)
			require.NoError(t, err)
			for _, c := range calls {
				got := iam.Evaluate(iam.Request{Action: c.action, Resource: c.resource, Context: encrypted(c.encrypted)}, d)
				assert.Equal(t, want, got, "%s (write: %t): %s on %s", c.why, write, c.action, c.resource)
			}
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
