package signon

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Provider is an OpenID Connect provider. It is asked what it can do at the first log-in.
type Provider struct {
	Issuer   string
	ClientID string
	// Secret reads the client's secret.
	Secret func(ctx context.Context) (string, error)
	Rules  Rules
	// HTTP asks it. Optional: one that waits for an answer for ten seconds.
	HTTP *http.Client

	mu    sync.Mutex
	known *oidc.Provider
}

// Person is who the provider says somebody is.
type Person struct {
	Subject string // to the provider, for ever
	Name    string // an e-mail address that is verified, or one made of the subject
	Role    allocator.Role
}

// Flow is what a browser's session keeps while its user is at the provider.
type Flow struct{ State, Nonce, Verifier string }

// Begin says where to send a browser, which comes back to redirect.
func (p *Provider) Begin(ctx context.Context, redirect string) (string, Flow, error) {
	provider, err := p.discover(ctx)
	if err != nil {
		return "", Flow{}, err
	}
	config := p.config(provider, redirect) // whoever asks makes nobody read the secret
	flow := Flow{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	return config.AuthCodeURL(flow.State, oidc.Nonce(flow.Nonce), oauth2.S256ChallengeOption(flow.Verifier)), flow, nil
}

// Finish says who came back with a code, and with the state that it was sent with.
// Forbidden, with the reason, when that is nobody who may log in; who it is is said then
// too, where the provider confirms it.
func (p *Provider) Finish(ctx context.Context, flow Flow, redirect, state, code string) (Person, error) {
	var who Person
	if flow.State == "" || subtle.ConstantTimeCompare([]byte(state), []byte(flow.State)) != 1 {
		return who, refused("This log-in was not begun in this browser, or was finished before.")
	}
	ctx = oidc.ClientContext(ctx, p.client())
	provider, err := p.discover(ctx)
	if err != nil {
		return who, err
	}
	config := p.config(provider, redirect)
	if config.ClientSecret, err = p.Secret(ctx); err != nil {
		return who, err
	}
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(flow.Verifier))
	if err != nil {
		return who, fmt.Errorf("%w (%w)", refused("The provider did not confirm it."), err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: p.ClientID}).Verify(ctx, raw)
	if err != nil {
		return who, fmt.Errorf("%w (%w)", refused("What the provider says of you cannot be trusted."), err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(flow.Nonce)) != 1 {
		return who, refused("The provider answered another log-in than this one.")
	}
	if id.Subject == "" { // all such would be one user
		return who, refused("The provider does not say who you are.")
	}
	var claims map[string]any
	if err := id.Claims(&claims); err != nil {
		return who, fmt.Errorf("read what the provider says: %w", err)
	}
	return p.Rules.judge(p.Issuer+"#"+id.Subject, claims)
}

// config is how a provider is asked.
func (p *Provider) config(provider *oidc.Provider, redirect string) *oauth2.Config {
	return &oauth2.Config{ClientID: p.ClientID, Endpoint: provider.Endpoint(), RedirectURL: redirect, Scopes: p.Rules.scopes()}
}

// patience is how long a provider may take to answer. Those who log in wait one for the
// other while it is not known.
const patience = 10 * time.Second

func (p *Provider) client() *http.Client {
	if p.HTTP != nil {
		return p.HTTP
	}
	return &http.Client{Timeout: patience}
}

// discover asks the provider where it is asked what, once. Unavailable when it does not
// answer.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known != nil {
		return p.known, nil
	}
	// Not the request's context: its keys are fetched later, too.
	known, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client()), p.Issuer)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", api.Problemf(api.Unavailable, "Single sign-on does not work now", "The provider does not answer. Try again in a minute, or log in with a password."), err)
	}
	p.known = known
	return known, nil
}

func refused(why string) error {
	return api.Problemf(api.Forbidden, "You were not logged in", "%s Try again, or ask an admin.", why)
}
