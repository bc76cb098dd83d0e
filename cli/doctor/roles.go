package doctor

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// Identities are roles, and who may assume them.
type Identities interface {
	// Trust is the trust policy of a role. ErrMissing: there is no such role.
	Trust(ctx context.Context, role string) (document string, err error)
	// Clients are for whom an identity provider takes tokens. ErrMissing: the account
	// has none of the ARN.
	Clients(ctx context.Context, provider string) ([]string, error)
}

const (
	issuer   = "token.actions.githubusercontent.com"
	audience = "sts.amazonaws.com"
	spotRole = "AWSServiceRoleForEC2Spot"
)

// provider is the ARN of GitHub's identity provider, of which an account has one.
func (d *Doctor) provider(ctx context.Context) (string, error) {
	who, err := d.Account.Identity(ctx)
	return "arn:aws:iam::" + who.Account + ":oidc-provider/" + issuer, err
}

// ofProvider looks for GitHub as an identity provider, where workflows have roles.
func (d *Doctor) ofProvider(ctx context.Context) []Finding {
	const check = "identity provider"
	if d.Stack.Settings.GitHub.Repository == "" {
		return nil
	}
	arn, err := d.provider(ctx)
	if err != nil {
		return []Finding{unknown(check, err)}
	}
	clients, err := d.Account.Clients(ctx, arn)
	switch {
	case errors.Is(err, ErrMissing) && !d.Stack.environment():
		return []Finding{ok(check, "there is none yet: make bootstrap makes it")}
	case errors.Is(err, ErrMissing):
		return []Finding{wrong(check, "make bootstrap, once for the account; or leave lablink:github out", "the account does not know %s, and workflows' roles trust it", issuer)}
	case err != nil:
		return []Finding{unknown(check, err)}
	case !slices.Contains(clients, audience):
		return []Finding{wrong(check, "aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn "+arn+" --client-id "+audience, "%s takes tokens for %s, and not for %s", issuer, strings.Join(clients, ", "), audience)}
	}
	return []Finding{ok(check, "%s", arn)}
}

// ofRoles compares whom the roles of workflows trust with whom they are for.
func (d *Doctor) ofRoles(ctx context.Context) []Finding {
	s := d.Stack.Settings
	subjects := s.Subjects()
	if !d.Stack.environment() || len(subjects) == 0 {
		return nil
	}
	if d.Stack.RolesErr != nil {
		return []Finding{unknown("roles", d.Stack.RolesErr)}
	}
	provider, err := d.provider(ctx)
	if err != nil {
		return []Finding{unknown("roles", err)}
	}
	var found []Finding
	for _, role := range []string{"preview", "drift", "deploy"} {
		want := trust{provider: provider, subjects: subjects[role], repository: s.GitHub.RepositoryID}
		found = append(found, d.ofRole(ctx, role, want))
	}
	return found
}

func (d *Doctor) ofRole(ctx context.Context, what string, want trust) Finding {
	check := "role " + what
	arn := d.Stack.Roles[what]
	if arn == "" {
		return ok(check, "there is none yet: the first pulumi up makes it")
	}
	again := "pulumi up --refresh --stack " + d.Stack.Name + ", which makes it what was deployed"
	document, err := d.Account.Trust(ctx, arn[strings.LastIndex(arn, "/")+1:])
	switch {
	case errors.Is(err, ErrMissing):
		return wrong(check, again, "%s was deployed and is gone", arn)
	case err != nil:
		return unknown(check, err)
	}
	if differs := want.differs(document); differs != "" {
		return wrong(check, again, "%s", differs)
	}
	return ok(check, "it trusts %s", strings.Join(want.subjects, ", "))
}

// ofSpot looks for the role that EC2 Spot acts under, where a pool uses spot.
func (d *Doctor) ofSpot(ctx context.Context) []Finding {
	const check = "role of EC2 Spot"
	s := d.Stack.Settings
	if !d.Stack.environment() || !slices.ContainsFunc(s.Pools, func(p settings.Pool) bool { return p.Market != settings.OnDemand }) {
		return nil
	}
	_, err := d.Account.Trust(ctx, spotRole)
	switch {
	case errors.Is(err, ErrMissing):
		return []Finding{wrong(check, "make bootstrap, or aws iam create-service-linked-role --aws-service-name spot.amazonaws.com", "the account has no role %s, which spot machines need", spotRole)}
	case err != nil:
		return []Finding{unknown(check, err)}
	}
	return []Finding{ok(check, "%s", spotRole)}
}
