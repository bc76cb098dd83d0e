// Package wire answers the AWS API for an account of sim/cloud, as the AWS SDK
// and curl speak it: EC2, IAM and STS as queries, SSM, KMS, Service Quotas and the
// price list as JSON, S3 and Route 53 as REST; and beside it Cloudflare's. It checks
// signatures as AWS does, and asks the account whether the caller's role allows
// what is asked. A parameter that it does not know is refused.
package wire
