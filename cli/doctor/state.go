package doctor

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
)

// States are where the state of stacks is, and what encrypts its secrets.
type States interface {
	// Versioning is that of a bucket: "Enabled", "Suspended" or "". ErrMissing: there
	// is no such bucket. Refused: it is in another Region.
	Versioning(ctx context.Context, bucket, region string) (string, error)
	// Object reads an object. ErrMissing: there is none. Refused: the key that it is
	// encrypted with cannot be used.
	Object(ctx context.Context, bucket, region, key string) error
	// Decrypt uses a key on what was encrypted with it. Refused: the key cannot be
	// used any more, or it is another.
	Decrypt(ctx context.Context, key, region string, blob []byte, about map[string]string) error
}

// meta is what Pulumi keeps in each of its buckets.
const meta = ".pulumi/meta.yaml"

// ofState looks for the bucket that holds the state of stacks.
func (d *Doctor) ofState(ctx context.Context) []Finding {
	const check = "state"
	at, err := url.Parse(d.Stack.Backend)
	switch {
	case err != nil:
		return []Finding{wrong(check, "write s3://BUCKET?region=REGION, as make bootstrap does", "the backend is no URL: %s", err)}
	case d.Stack.Backend == "":
		return []Finding{ok(check, "neither Pulumi.yaml nor PULUMI_BACKEND_URL names a backend: it is the one that pulumi was logged in to, and make bootstrap makes one")}
	case at.Scheme != "s3":
		return []Finding{ok(check, "%s: a local folder, or a service, and no bucket", d.Stack.Backend)}
	}
	region := at.Query().Get("region")
	if region == "" {
		region = d.Stack.Settings.Region
	}
	versioning, err := d.Account.Versioning(ctx, at.Host, region)
	var refused *Refused
	switch {
	case errors.As(err, &refused):
		return []Finding{wrong(check, "write the bucket's Region into the backend's URL (?region=…)", "the bucket %s cannot be asked in %s: %s", at.Host, region, err)}
	case errors.Is(err, ErrMissing):
		return []Finding{wrong(check, "take the credentials of its account, or mend backend: in Pulumi.yaml (PULUMI_BACKEND_URL goes before it); make bootstrap makes one for an account that has none", "there is no bucket %s", at.Host)}
	case err != nil:
		return []Finding{unknown(check, err)}
	case versioning != "Enabled":
		return []Finding{wrong(check, "aws s3api put-bucket-versioning --bucket "+at.Host+" --versioning-configuration Status=Enabled", "the bucket %s keeps no versions, so that what is overwritten is lost", at.Host)}
	}
	err = d.Account.Object(ctx, at.Host, region, meta)
	switch {
	case errors.As(err, &refused):
		return []Finding{wrong(check, "look at the bucket's key (aws kms describe-key): where it is to be deleted, aws kms cancel-key-deletion", "what is in %s cannot be read: %s", at.Host, err)}
	case errors.Is(err, ErrMissing):
		return []Finding{ok(check, "%s, with versions; there is no state in it yet", at.Host)}
	case err != nil:
		return []Finding{unknown(check, err)}
	}
	return []Finding{ok(check, "%s, with versions; it can be read", at.Host)}
}

// ofSecrets uses the key of the stack's secrets, where that is KMS's.
func (d *Doctor) ofSecrets(ctx context.Context) []Finding {
	const check = "key of secrets"
	at, err := url.Parse(d.Stack.SecretsProvider)
	if err != nil || at.Scheme != "awskms" || d.Stack.EncryptedKey == "" {
		return nil // a passphrase, or a stack that was not made yet
	}
	blob, err := base64.StdEncoding.DecodeString(d.Stack.EncryptedKey)
	if err != nil {
		return []Finding{wrong(check, "take encryptedkey from the last commit of the stack's file", "encryptedkey is not what pulumi writes: %s", err)}
	}
	about := map[string]string{}
	for name, values := range at.Query() {
		if key, is := strings.CutPrefix(name, "context_"); is {
			about[key] = values[0]
		}
	}
	region := at.Query().Get("region")
	if region == "" {
		region = d.Stack.Settings.Region
	}
	key := strings.TrimPrefix(at.Path, "/")
	err = d.Account.Decrypt(ctx, key, region, blob, about)
	var refused *Refused
	switch {
	case errors.As(err, &refused):
		return []Finding{wrong(check, "look at the key (aws kms describe-key --key-id "+key+"): where it is to be deleted, aws kms cancel-key-deletion; and at encryptedkey and context_stack in the stack's file", "it does not decrypt the stack's secrets: %s", err)}
	case err != nil:
		return []Finding{unknown(check, err)}
	}
	return []Finding{ok(check, "%s decrypts the stack's secrets", key)}
}
