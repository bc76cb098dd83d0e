package storage_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/infra/storage"
	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

func declare(t *testing.T, args *storage.BucketArgs) *recording.Recording {
	t.Helper()
	args.Bucket, args.Tags = "the-bucket", pulumi.StringMap{"a": pulumi.String("b")}
	r, err := recording.Run("test", recording.Account{}, func(ctx *pulumi.Context) error {
		b, err := storage.NewBucket(ctx, "state", args)
		if err == nil {
			ctx.Export("name", b.Name)
		}
		return err
	})
	require.NoError(t, err)
	return r
}

func TestABucketIsVersionedEncryptedAndClosed(t *testing.T) {
	r := declare(t, &storage.BucketArgs{})
	assert.Equal(t, "the-bucket", r.Outputs["name"].Value)
	assert.Equal(t, "Enabled", r.Named("state-versioning").Text("versioningConfiguration.status"))
	assert.Equal(t, "AES256", r.Named("state-encryption").Text("rules[0].applyServerSideEncryptionByDefault.sseAlgorithm"))
	for _, flag := range []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"} {
		assert.Equal(t, true, r.Named("state-closed").Get(flag), flag)
	}
}

func TestAKeyEncryptsABucketThatIsGivenOne(t *testing.T) {
	r := declare(t, &storage.BucketArgs{KeyARN: pulumi.String("arn:aws:kms:us-west-2:123456789012:key/k")})
	rule := r.Named("state-encryption")
	assert.Equal(t, "aws:kms", rule.Text("rules[0].applyServerSideEncryptionByDefault.sseAlgorithm"))
	assert.Equal(t, "arn:aws:kms:us-west-2:123456789012:key/k", rule.Text("rules[0].applyServerSideEncryptionByDefault.kmsMasterKeyId"))
	assert.Equal(t, true, rule.Get("rules[0].bucketKeyEnabled"), "a key of the bucket's own spares a call to KMS for each object")
}

func TestABucketAnswersOverTLSOnly(t *testing.T) {
	d, err := iam.Parse(declare(t, &storage.BucketArgs{}).Named("state-policy").Text("policy"), iam.Resource)
	require.NoError(t, err)
	for _, c := range []struct {
		resource, tls string
		want          iam.Decision
	}{
		{"arn:aws:s3:::the-bucket/key", "false", iam.Denied},
		{"arn:aws:s3:::the-bucket", "false", iam.Denied},
		{"arn:aws:s3:::the-bucket/key", "true", iam.Implicit}, // what may be done is for others to say
	} {
		assert.Equal(t, c.want, iam.Evaluate(iam.Request{
			PrincipalType: "AWS", Principal: "arn:aws:iam::123456789012:root", Action: "s3:GetObject", Resource: c.resource,
			Context: map[string][]string{"aws:SecureTransport": {c.tls}},
		}, d), "%+v", c)
	}
}

func TestWhatABucketHoldsIsDeletedOnlyWhereNothingKeepsIt(t *testing.T) {
	for _, c := range []struct {
		what         string
		args         storage.BucketArgs
		forceDestroy bool
		protected    bool
	}{
		{"left to itself", storage.BucketArgs{}, true, false},
		{"protected", storage.BucketArgs{Protect: true}, false, true},
		{"with contents to keep", storage.BucketArgs{KeepContents: true}, false, false},
	} {
		bucket := declare(t, &c.args).Named("state-bucket")
		assert.Equal(t, c.forceDestroy, bucket.Get("forceDestroy"), "forceDestroy of a bucket %s", c.what)
		assert.Equal(t, c.protected, bucket.Protect && bucket.RetainOnDelete, "protection of a bucket %s", c.what)
	}
}

// A bucket that is retained while its settings go is open to plain HTTP and to
// whoever opens it.
func TestABucketsSettingsAreKeptAsLongAsTheBucket(t *testing.T) {
	for _, protect := range []bool{true, false} {
		r := declare(t, &storage.BucketArgs{Protect: protect})
		for _, name := range []string{"state-bucket", "state-versioning", "state-encryption", "state-closed", "state-policy"} {
			assert.Equal(t, protect, r.Named(name).Protect, "%s is protected", name)
			assert.Equal(t, protect, r.Named(name).RetainOnDelete, "%s is retained", name)
		}
	}
}

func TestABucketWithoutANameIsRefused(t *testing.T) {
	r, err := recording.Run("test", recording.Account{}, func(ctx *pulumi.Context) error {
		_, err := storage.NewBucket(ctx, "state", &storage.BucketArgs{Tags: pulumi.StringMap{}})
		return err
	})
	assert.ErrorContains(t, err, "Bucket and Tags are required")
	assert.Empty(t, r.Names())
}
