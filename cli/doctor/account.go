package doctor

import (
	"context"
	"errors"
)

// Account is an AWS account in a Region, as somebody's credentials show it.
type Account interface {
	Caller
	Machines
	Zones // of Route 53
	States
	Identities
}

// Caller says whose credentials these are.
type Caller interface {
	// Identity is who asks. Refused says that AWS does not take the credentials.
	Identity(ctx context.Context) (Identity, error)
	// OptIn is whether the account uses the Region: "opt-in-not-required",
	// "opted-in" or "not-opted-in". ErrMissing: AWS has no such Region.
	OptIn(ctx context.Context) (string, error)
}

// Identity is an account and somebody in it.
type Identity struct{ Account, ARN string }

const credentials = "credentials"

// logIn is what to do about credentials.
const logIn = "log in (aws sso login, or aws configure) and name the profile in AWS_PROFILE, or export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"

func (d *Doctor) ofCredentials(ctx context.Context) []Finding {
	who, err := d.Account.Identity(ctx)
	var refused *Refused
	switch {
	case errors.As(err, &refused) && refused.Expired:
		return []Finding{wrong(credentials, "log in again (aws sso login), or take new keys", "they have expired")}
	case errors.As(err, &refused):
		return []Finding{wrong(credentials, logIn, "%s", err)}
	case err != nil:
		return []Finding{unknown(credentials, err)}
	}
	return []Finding{ok(credentials, "%s of account %s", who.ARN, who.Account)}
}

// ofAccount compares the account with the one that the stack belongs in.
func (d *Doctor) ofAccount(ctx context.Context) []Finding {
	who, err := d.Account.Identity(ctx)
	want := d.Stack.Settings.Account.ID
	switch {
	case err != nil:
		return []Finding{unknown("account", err)}
	case want == "":
		return []Finding{ok("account", "%s; lablink:account.id is not set, so that any is taken", who.Account)}
	case who.Account != want:
		return []Finding{wrong("account", "take credentials of account "+want+" (AWS_PROFILE), or set lablink:account.id", "these credentials are of account %s, and lablink:account.id is %s", who.Account, want)}
	}
	return []Finding{ok("account", "%s", who.Account)}
}

func (d *Doctor) ofRegion(ctx context.Context) []Finding {
	const check = "Region"
	region := d.Stack.Settings.Region
	optIn, err := d.Account.OptIn(ctx)
	switch {
	case errors.Is(err, ErrMissing):
		return []Finding{wrong(check, "set aws:region to one that there is (aws ec2 describe-regions)", "AWS has no Region %s", region)}
	case err != nil:
		return []Finding{unknown(check, err)}
	case optIn == "not-opted-in":
		return []Finding{wrong(check, "aws account enable-region --region-name "+region+", which takes AWS some minutes to hours; or choose another", "%s is switched off in this account", region)}
	}
	return []Finding{ok(check, "%s", region)}
}
