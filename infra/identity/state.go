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
// that one's secrets, and whoever writes it decides what is deleted; nor can it
// decrypt the other's secrets, whose encryption context names that stack. Looking
// takes no lock, so that it never writes.
func state(bucket, key, stack, account string, write bool) policy.Document {
	objects := "arn:aws:s3:::" + bucket + "/" + Folder
	own := []string{
		objects + "stacks/lablink/" + stack + ".*", objects + "history/lablink/" + stack + "/*",
		objects + "backups/lablink/" + stack + "/*", objects + "locks/organization/lablink/" + stack + "/*",
	}
	account = account[strings.LastIndex(account, "/")+1:] // organization/project/stack
	ofStack := policy.Condition{"StringEquals": {"kms:EncryptionContext:stack": {stack}}}
	ofBucket := policy.Condition{
		"StringEquals": {"kms:EncryptionContext:aws:s3:arn": {"arn:aws:s3:::" + bucket}},
		"StringLike":   {"kms:ViaService": {"s3.*.amazonaws.com"}},
	}
	d := policy.Document{
		{Sid: "StateBucket", Action: []string{"s3:ListBucket"}, Resource: []string{"arn:aws:s3:::" + bucket}},
		{Sid: "ReadState", Action: []string{"s3:GetObject"}, Resource: append([]string{
			objects + "meta.yaml", objects + "stacks/lablink/" + account + ".*",
		}, own...)},
		// The bucket's objects are encrypted with the key, and so is the data key of the
		// stack's secrets: each with a context of its own.
		{Sid: "ReadEncryptedState", Action: []string{"kms:Decrypt"}, Resource: []string{key}, Condition: ofBucket},
		{Sid: "ReadSecretsOfState", Action: []string{"kms:Decrypt"}, Resource: []string{key}, Condition: ofStack},
	}
	if write {
		d = append(d,
			policy.Statement{Sid: "WriteState", Action: []string{"s3:PutObject", "s3:DeleteObject"}, Resource: own},
			policy.Statement{Sid: "WriteEncryptedState", Action: []string{"kms:GenerateDataKey"}, Resource: []string{key}, Condition: ofBucket},
			policy.Statement{Sid: "WriteSecretsOfState", Action: []string{"kms:Encrypt"}, Resource: []string{key}, Condition: ofStack},
		)
	}
	return d
}
