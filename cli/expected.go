package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// expected is what a stack says is there.
type expected struct {
	// Release is the SHA-256 of the manifest that must run. Version is what people
	// call it; "" where that is not known.
	Release, Version string
	// Host is the name that people type, or the address where there is none. ""
	// where no stack was asked.
	Host string
	// Address is where the allocator is: an IPv4 address, or the name of its load
	// balancer.
	Address string
	naming
}

// naming is what a stack's settings say of its name and its certificate.
type naming struct {
	DNS struct {
		Provider string
		Manage   *bool
	}
	TLS struct {
		Mode    string
		Staging bool
	}
}

// proxied reports whether Cloudflare answers in the allocator's place.
func (n naming) proxied() bool { return n.TLS.Mode == "cloudflare" }

// byHand reports whether somebody makes the record.
func (n naming) byHand() bool {
	return n.DNS.Provider == "none" || n.DNS.Provider == "" || n.DNS.Manage != nil && !*n.DNS.Manage
}

// record is what has to stand in the zone, as people would make it.
func (w expected) record() string {
	kind, proxied := "A", ""
	if !isAddress(w.Address) {
		kind = "CNAME or alias"
	}
	if w.proxied() {
		proxied = ", proxied"
	}
	return fmt.Sprintf("type %s, name %s, value %s%s", kind, w.Host, w.Address, proxied)
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// expect asks the stack, by its outputs and, where it has a name, its settings.
func (c VerifyCommand) expect(ctx context.Context, g *Globals) (w expected, err error) {
	if c.Release != "" {
		w.Release = c.Release
		return w, nil
	}
	s, err := g.findStack(ctx, c.Stack)
	if err != nil {
		return w, err
	}
	w.Release, w.Version, w.Address = s.Release.Manifest, s.Release.Version, s.PublicAddress
	if g.URL == "" {
		g.URL = s.URL
	}
	at, err := url.Parse(s.URL)
	if err != nil {
		return w, fmt.Errorf("the stack's output url %q is no address: %w", s.URL, err)
	}
	w.Host = at.Hostname()
	if err := w.leadsThere(g.URL, s.URL); err != nil {
		return w, err
	}
	if w.Host == "" || isAddress(w.Host) {
		return w, nil
	}
	w.naming, err = c.naming(ctx, g, s)
	return w, err
}

// leadsThere refuses the address of another deployment. One of this computer may be a
// tunnel to the stack's.
func (w expected) leadsThere(asked, stack string) error {
	at, err := url.Parse(asked)
	if err != nil || at.Hostname() == "" || w.Host == "" && w.Address == "" {
		return nil //nolint:nilerr // there is nothing to compare, and what is no address is refused as such
	}
	host := at.Hostname()
	if strings.EqualFold(host, w.Host) || strings.EqualFold(host, w.Address) || host == "localhost" || parse(host).IsLoopback() {
		return nil
	}
	return fmt.Errorf("%s is neither %s nor %s, where the stack is: unset LABLINK_URL, or leave out --url, as what answers there may be another deployment", asked, stack, cmp.Or(w.Address, "its address"))
}

// naming reads the settings of the stack's name.
func (c VerifyCommand) naming(ctx context.Context, g *Globals, s deployed) (n naming, err error) {
	args := append([]string{"config", "--json"}, s.args()...)
	if c.ConfigFile != "" {
		args = append(args, "--config-file", c.ConfigFile)
	}
	raw, err := g.Engine.Output(ctx, args...)
	if err != nil {
		return n, fmt.Errorf("read the stack's settings, which say who answers for its name: %w", err)
	}
	var all map[string]struct{ ObjectValue json.RawMessage }
	if err := json.Unmarshal(raw, &all); err != nil {
		return n, fmt.Errorf("read the stack's settings: %w", err)
	}
	for key, into := range map[string]any{"lablink:dns": &n.DNS, "lablink:tls": &n.TLS} {
		if value := all[key].ObjectValue; len(value) > 0 {
			if err := json.Unmarshal(value, into); err != nil {
				return n, fmt.Errorf("read the setting %s: %w", key, err)
			}
		}
	}
	return n, nil
}
