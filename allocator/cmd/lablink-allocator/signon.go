package main

import (
	"context"

	"github.com/talmolab/lablink-infrastructure/allocator/secrets"
	"github.com/talmolab/lablink-infrastructure/allocator/signon"
	"github.com/talmolab/lablink-infrastructure/allocator/web"
)

// signOn is the provider that the settings name, or nil. Its secret is read at each
// log-in, so that another one counts at once.
func (a *app) signOn() web.SignOn {
	o := a.settings.OIDC
	if o.Issuer == "" {
		return nil
	}
	client := secrets.Client(a.cloud)
	return &signon.Provider{
		Issuer: o.Issuer, ClientID: o.ClientID,
		Secret: func(ctx context.Context) (string, error) { return secrets.Read(ctx, client, o.SecretParameter) },
		Rules:  signon.Rules{Admins: o.Admins, Instructors: o.Instructors, Viewers: o.Viewers, GroupsClaim: o.GroupsClaim},
	}
}
