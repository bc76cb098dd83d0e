package program_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

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
