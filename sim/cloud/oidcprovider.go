package cloud

import "strings"

// OIDCProvider is aws:iam/openIdConnectProvider:OpenIdConnectProvider.
type OIDCProvider struct {
	ID              string   `json:"id"` // its ARN
	URL             string   `json:"url"`
	ClientIDLists   []string `json:"clientIdLists"`
	ThumbprintLists []string `json:"thumbprintLists"`
	Tagged
	providerComputed
}

type providerComputed struct {
	ARN string `json:"arn"`
}

// CreateOIDCProvider makes a provider; there is one for each URL.
func (a *Account) CreateOIDCProvider(p *OIDCProvider) error {
	return a.change(func(m *model) error {
		host, ok := strings.CutPrefix(p.URL, "https://")
		if !ok || host == "" || strings.Contains(host, "?") {
			return refuse("InvalidInput", "Invalid Open ID Connect Provider URL")
		}
		if err := p.check(); err != nil {
			return err
		}
		id := a.iamARN("oidc-provider/" + host)
		if m.OIDCProviders[id] != nil {
			return refuseStatus(409, "EntityAlreadyExists", "Provider with url %s already exists.", p.URL)
		}
		if err := p.settleAs(id, host); err != nil {
			return err
		}
		m.OIDCProviders.keep(id, p)
		return nil
	})
}

func (p *OIDCProvider) check() error {
	for _, print := range p.ThumbprintLists {
		if len(print) != 40 {
			return refuse("ValidationError", "Value '%s' at 'thumbprintList' failed to satisfy constraint: Member must have length equal to 40", print)
		}
	}
	for _, client := range p.ClientIDLists {
		if client == "" || len(client) > 255 {
			return refuse("ValidationError", "Value '%s' at 'clientIDList' failed to satisfy constraint: Member must have length between 1 and 255", client)
		}
	}
	if len(p.ThumbprintLists) > 5 || len(p.ClientIDLists) > 100 {
		return refuseStatus(409, "LimitExceeded", "Cannot exceed quota for ThumbprintsPerOpenIdConnectProvider: 5 or ClientIdsPerOpenIdConnectProvider: 100")
	}
	return nil
}

// settleAs fills in what IAM shows: the URL without its scheme.
func (p *OIDCProvider) settleAs(id, host string) error {
	if len(p.ThumbprintLists) == 0 {
		p.ThumbprintLists = []string{strings.Repeat("0", 40)}
	}
	p.ID, p.ARN, p.URL = id, id, host
	return p.settle()
}

// OIDCProvider returns one provider by its ARN.
func (a *Account) OIDCProvider(arn string) (*OIDCProvider, error) { return providers.lookup(a, arn) }

// OIDCProviderByURL finds a provider by its URL, which must match exactly.
func (a *Account) OIDCProviderByURL(url string) (*OIDCProvider, error) {
	return a.OIDCProvider(a.iamARN("oidc-provider/" + strings.TrimPrefix(url, "https://")))
}

// UpdateOIDCProvider changes clients, thumbprints and tags.
func (a *Account) UpdateOIDCProvider(arn string, p *OIDCProvider) error {
	return providers.update(a, arn, p, func(_ *model, cur *OIDCProvider) error {
		if err := p.check(); err != nil {
			return err
		}
		if len(p.ThumbprintLists) == 0 { // left out: stay
			p.ThumbprintLists = cur.ThumbprintLists
		}
		return p.settleAs(arn, cur.URL)
	})
}

// DeleteOIDCProvider removes a provider, also while roles trust it.
func (a *Account) DeleteOIDCProvider(arn string) error { return providers.remove(a, arn, nil) }
