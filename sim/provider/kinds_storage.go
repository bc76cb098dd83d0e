package provider

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// storageKinds are the types about buckets and objects.
var storageKinds = map[string]kind{
	"aws:s3/bucketV2:BucketV2": define(s3.BucketV2Args{}, s3.BucketV2{}, traits{Replace: []string{"bucket"}, Name: autoname{Property: "bucket", Max: 63}},
		operations[cloud.Bucket]{(*account).CreateBucket, (*account).Bucket, (*account).UpdateBucket, (*account).DeleteBucket}),
	"aws:s3/bucketVersioningV2:BucketVersioningV2":                                               bucketSetting[cloud.BucketVersioning](s3.BucketVersioningV2Args{}, s3.BucketVersioningV2{}),
	"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": bucketSetting[cloud.BucketEncryption](s3.BucketServerSideEncryptionConfigurationV2Args{}, s3.BucketServerSideEncryptionConfigurationV2{}),
	"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock":                                     bucketSetting[cloud.PublicAccessBlock](s3.BucketPublicAccessBlockArgs{}, s3.BucketPublicAccessBlock{}),
	"aws:s3/bucketPolicy:BucketPolicy":                                                           bucketSetting[cloud.BucketPolicy](s3.BucketPolicyArgs{}, s3.BucketPolicy{}),
	"aws:s3/bucketObjectv2:BucketObjectv2":                                                       object,
}
