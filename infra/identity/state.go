package identity

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/policy"
)

// State is a bucket that holds the state of stacks and the key it is encrypted
// with.
type State struct {
	Bucket, KeyARN pulumi.StringInput
	// Account is the name of the account's stack, whose outputs are read.
	Account string
}

// Folder is where Pulumi keeps the state of this project's stacks in a bucket.
const Folder = ".pulumi/"

// state gives access to the state of one stack, and to look at that of the
// account. A role of one environment cannot reach the state of another: it holds
// that one's secrets, and whoever writes it decides what is deleted. Looking
// takes no lock, so that it never writes.
func state(bucket, key, stack, account string, write bool) policy.Document {
	objects := "arn:aws:s3:::" + bucket + "/" + Folder
	own := []string{
		objects + "stacks/lablink/" + stack + ".*", objects + "history/lablink/" + stack + "/*",
		objects + "backups/lablink/" + stack + "/*", objects + "locks/organization/lablink/" + stack + "/*",
	}
	account = account[strings.LastIndex(account, "/")+1:] // organization/project/stack
	d := policy.Document{
		{Sid: "StateBucket", Action: []string{"s3:ListBucket"}, Resource: []string{"arn:aws:s3:::" + bucket}},
		{Sid: "ReadState", Action: []string{"s3:GetObject"}, Resource: append([]string{
			objects + "meta.yaml", objects + "stacks/lablink/" + account + ".*",
		}, own...)},
		{Sid: "ReadSecretsOfState", Action: []string{"kms:Decrypt"}, Resource: []string{key}},
	}
	if write {
		d = append(d,
			policy.Statement{Sid: "WriteState", Action: []string{"s3:PutObject", "s3:DeleteObject"}, Resource: own},
			policy.Statement{Sid: "WriteSecretsOfState", Action: []string{"kms:Encrypt", "kms:GenerateDataKey"}, Resource: []string{key}},
		)
	}
	return d
}
