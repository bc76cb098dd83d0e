package doctor

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// Doctor looks.
type Doctor struct {
	Laptop  Laptop
	Account Account
	// Zones are Cloudflare's, as the stack's token shows them; nil without a token.
	Zones Zones
	// Patience is how long one check may take.
	Patience time.Duration
	// Stack is what is to be deployed; nil: this computer and the credentials alone
	// are looked at.
	Stack *Stack
}

// Stack is what is known of a stack before it is deployed.
type Stack struct {
	Name     string
	Settings *settings.Settings
	// Backend is the URL of where its state is; "" where nothing names one.
	Backend string
	// SecretsProvider is the URL of what encrypts its secrets, and EncryptedKey the
	// key of theirs, encrypted. Both are "" for a stack that was not made yet.
	SecretsProvider, EncryptedKey string
	// Roles are the ARNs of the roles of workflows that were deployed, by what they
	// are for. RolesErr says why they are not known.
	Roles    map[string]string
	RolesErr error
	// TokenErr says why there is no token for Cloudflare, where it has one.
	TokenErr error
}

// environment reports whether the stack is an environment, and not an account.
func (s *Stack) environment() bool { return s.Settings.Kind == settings.KindEnvironment }

// check looks at one thing, or at several of a kind.
type check func(*Doctor, context.Context) []Finding

// computer are the checks that need no account, in the order in which people read
// them.
var computer = []check{(*Doctor).ofTools, (*Doctor).ofOwnCompiler, (*Doctor).ofPulumi, (*Doctor).ofRoom, (*Doctor).ofCredentials}

// inAccount are those that ask a stack's account.
var inAccount = []check{
	(*Doctor).ofAccount, (*Doctor).ofRegion, (*Doctor).ofCompilers, (*Doctor).ofImages, (*Doctor).ofOffers, (*Doctor).ofQuotas, (*Doctor).ofAddresses,
	(*Doctor).ofZone, (*Doctor).ofState, (*Doctor).ofSecrets, (*Doctor).ofProvider, (*Doctor).ofRoles, (*Doctor).ofSpot,
}

// Examine makes all checks and returns what they found, in their order.
func (d *Doctor) Examine(ctx context.Context) []Finding {
	found := d.look(ctx, computer)
	if d.Stack == nil {
		return found
	}
	if slices.ContainsFunc(found, func(f Finding) bool { return f.Check == credentials && f.Status != OK }) {
		found = append(found, Finding{Check: "account", Status: Unknown, Found: "nothing of it can be told without credentials", Fix: "mend the credentials first"})
		if d.Stack.Settings.DNS.Provider == settings.Cloudflare { // which takes a token of its own
			found = append(found, d.look(ctx, []check{(*Doctor).ofZone})...)
		}
		return found
	}
	return append(found, d.look(ctx, inAccount)...)
}

// look makes checks at once, each for as long as it may take.
func (d *Doctor) look(ctx context.Context, checks []check) []Finding {
	found := make([][]Finding, len(checks))
	var group sync.WaitGroup
	for i, of := range checks {
		group.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, d.Patience)
			defer cancel()
			found[i] = of(d, ctx)
		})
	}
	group.Wait()
	return slices.Concat(found...)
}
