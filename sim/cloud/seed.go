package cloud

import "strings"

// seed puts into a new account what the options say exists already.
func (a *Account) seed() {
	for n, name := range a.opts.Zones {
		id := "Z" + strings.ToUpper(hexDigits(20))
		a.m.Zones[id] = &Zone{ID: id, Name: trimDot(name), NameServers: []string{
			"ns-" + string(rune('1'+n)) + ".awsdns-00.com", "ns-" + string(rune('1'+n)) + ".awsdns-00.org",
		}}
	}
	for _, url := range a.opts.OIDCProviders {
		p := &OIDCProvider{ClientIDLists: []string{"sts.amazonaws.com"}}
		host := strings.TrimPrefix(url, "https://")
		_ = p.settleAs(a.iamARN("oidc-provider/"+host), host) // has no tags to refuse
		a.m.OIDCProviders[p.ID] = p
	}
}
