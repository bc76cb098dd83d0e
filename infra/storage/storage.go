package storage

import (
	"errors"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/policy"
)

// Bucket is one private bucket.
type Bucket struct {
	pulumi.ResourceState

	// Name is the bucket's name, known once everything about it is in place.
	Name pulumi.StringOutput `pulumi:"name"`
}

// BucketArgs says what the bucket is called and how it is kept.
type BucketArgs struct {
	// Bucket is the name, unique in all of AWS. Required.
	Bucket string
	// Tags are the bucket's tags. Required.
	Tags pulumi.StringMap
	// KeyARN is the KMS key that encrypts. Optional: S3's own key.
	KeyARN pulumi.StringPtrInput
	// Protect keeps the bucket, with all its contents and settings, from being
	// deleted.
	Protect bool
	// KeepContents makes S3 refuse to delete the bucket while it holds anything.
	// Without this and Protect the bucket goes with its contents.
	KeepContents bool
}

// NewBucket declares the bucket and its settings.
func NewBucket(ctx *pulumi.Context, name string, args *BucketArgs, opts ...pulumi.ResourceOption) (*Bucket, error) {
	if args == nil || args.Bucket == "" || args.Tags == nil {
		return nil, errors.New("storage: Bucket and Tags are required")
	}
	b := &Bucket{}
	if err := ctx.RegisterComponentResource("lablink:storage:Bucket", name, b, opts...); err != nil {
		return nil, err
	}
	kept := []pulumi.ResourceOption{pulumi.Parent(b), pulumi.Protect(args.Protect), pulumi.RetainOnDelete(args.Protect)}
	bucket, err := s3.NewBucketV2(ctx, name+"-bucket", &s3.BucketV2Args{
		Bucket: pulumi.String(args.Bucket), Tags: args.Tags, ForceDestroy: pulumi.Bool(!args.Protect && !args.KeepContents),
	}, kept...)
	if err != nil {
		return nil, err
	}
	settings, err := declareSettings(ctx, name, args, bucket, kept)
	if err != nil {
		return nil, err
	}
	// The name is handed on only when the settings are in force, so that nothing
	// is written to a bucket that is not closed yet.
	inputs := []any{bucket.Bucket}
	for _, s := range settings {
		inputs = append(inputs, s)
	}
	b.Name = pulumi.All(inputs...).ApplyT(func(all []any) string { return all[0].(string) }).(pulumi.StringOutput)
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{"name": b.Name})
}

// declareSettings declares what keeps a bucket closed, kept as the bucket is: a
// bucket that stays without them would be open.
func declareSettings(ctx *pulumi.Context, name string, args *BucketArgs, bucket *s3.BucketV2, kept []pulumi.ResourceOption) ([]pulumi.StringOutput, error) {
	versioning, err := s3.NewBucketVersioningV2(ctx, name+"-versioning", &s3.BucketVersioningV2Args{
		Bucket:                  bucket.Bucket,
		VersioningConfiguration: s3.BucketVersioningV2VersioningConfigurationArgs{Status: pulumi.String("Enabled")},
	}, kept...)
	if err != nil {
		return nil, err
	}
	algorithm := pulumi.String("AES256")
	if args.KeyARN != nil {
		algorithm = "aws:kms"
	}
	encryption, err := s3.NewBucketServerSideEncryptionConfigurationV2(ctx, name+"-encryption", &s3.BucketServerSideEncryptionConfigurationV2Args{
		Bucket: bucket.Bucket,
		Rules: s3.BucketServerSideEncryptionConfigurationV2RuleArray{s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
			ApplyServerSideEncryptionByDefault: s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{
				SseAlgorithm: algorithm, KmsMasterKeyId: args.KeyARN,
			},
			BucketKeyEnabled: pulumi.Bool(args.KeyARN != nil),
		}},
	}, kept...)
	if err != nil {
		return nil, err
	}
	closed, err := s3.NewBucketPublicAccessBlock(ctx, name+"-closed", &s3.BucketPublicAccessBlockArgs{
		Bucket: bucket.Bucket, BlockPublicAcls: pulumi.Bool(true), BlockPublicPolicy: pulumi.Bool(true),
		IgnorePublicAcls: pulumi.Bool(true), RestrictPublicBuckets: pulumi.Bool(true),
	}, kept...)
	if err != nil {
		return nil, err
	}
	tlsOnly, err := policy.Document{{
		Sid: "TLSOnly", Deny: true, Principal: map[string]string{"AWS": "*"}, Action: []string{"s3:*"},
		Resource:  []string{"arn:aws:s3:::" + args.Bucket, "arn:aws:s3:::" + args.Bucket + "/*"},
		Condition: policy.Condition{"Bool": {"aws:SecureTransport": {"false"}}},
	}}.JSON()
	if err != nil {
		return nil, err
	}
	only, err := s3.NewBucketPolicy(ctx, name+"-policy", &s3.BucketPolicyArgs{
		Bucket: bucket.Bucket, Policy: pulumi.String(tlsOnly),
	}, append(slices.Clone(kept), pulumi.DependsOn([]pulumi.Resource{closed}))...)
	if err != nil {
		return nil, err
	}
	return []pulumi.StringOutput{versioning.Bucket, encryption.Bucket, closed.Bucket, only.Bucket}, nil
}
