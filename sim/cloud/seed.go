package cloud

import (
	"fmt"
	"strings"
)

// seed puts into a new account what the options say exists already.
func (a *Account) seed() {
	for n, name := range a.opts.Zones {
		id := "Z" + strings.ToUpper(hexDigits(20))
		z := &Zone{ID: id, Name: trimDot(name)}
		for _, top := range []string{"co.uk", "com", "net", "org"} {
			z.NameServers = append(z.NameServers, fmt.Sprintf("ns-%d.awsdns-00.%s", n+1, top))
		}
		a.m.Zones[id] = z
	}
	for _, url := range a.opts.OIDCProviders {
		p := &OIDCProvider{ClientIDLists: []string{"sts.amazonaws.com"}}
		host := strings.TrimPrefix(url, "https://")
		_ = p.settleAs(a.iamARN("oidc-provider/"+host), host) // has no tags to refuse
		a.m.OIDCProviders[p.ID] = p
	}
}
