package doctor

import (
	"context"
	"errors"
	"strings"

	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// Zones are where names are kept.
type Zones interface {
	// ZonesNamed are the ids of the public zones of a name.
	ZonesNamed(ctx context.Context, name string) ([]string, error)
	// Zone is the name of the public zone of an id, whose records can be read.
	// ErrMissing: there is none. Refused: the token may not.
	Zone(ctx context.Context, id string) (string, error)
}

// ofZone looks for the zone of the domain as the program does: the longest public
// one that the domain ends in.
func (d *Doctor) ofZone(ctx context.Context) []Finding {
	const check = "zone"
	if !d.Stack.environment() || !d.Stack.Settings.UsesZone() {
		return nil
	}
	s := d.Stack.Settings
	var zones Zones = d.Account
	where, create := "this account has no public zone in Route 53", "aws route53 create-hosted-zone --name "+s.DNS.Domain+` --caller-reference "$(date +%s)", and delegate to it`
	if s.DNS.Provider == settings.Cloudflare {
		if d.Stack.TokenErr != nil {
			return []Finding{unknown(check, d.Stack.TokenErr)}
		}
		if zones = d.Zones; zones == nil {
			return []Finding{wrong(check, "pulumi config set --secret cloudflare:apiToken --stack "+d.Stack.Name, "cloudflare:apiToken is not set")}
		}
		where, create = "cloudflare:apiToken shows no zone", "let the token read the zone, or make the zone at Cloudflare"
	}
	id, name, err := find(ctx, zones, s)
	var refused *Refused
	var several *severalZones
	switch {
	case errors.As(err, &refused) && s.DNS.Provider == settings.Cloudflare:
		return []Finding{wrong(check, "make another token, and keep it: pulumi config set --secret cloudflare:apiToken --stack "+d.Stack.Name, "%s", err)}
	case errors.As(err, &several):
		return []Finding{wrong(check, "set lablink:dns.zoneId to the one that is delegated to, and delete the others", "%s", err)}
	case errors.Is(err, ErrMissing) && s.DNS.ZoneID != "":
		return []Finding{wrong(check, "leave lablink:dns.zoneId out, or set it to the zone's", "there is no public zone %s", s.DNS.ZoneID)}
	case errors.Is(err, ErrMissing):
		return []Finding{wrong(check, create+"; or set lablink:dns.manage: false", "%s for %s (looked for %s)", where, s.DNS.Domain, strings.Join(s.ZoneNames(), ", "))}
	case err != nil:
		return []Finding{unknown(check, err)}
	case name != s.DNS.Domain && !strings.HasSuffix(s.DNS.Domain, "."+name):
		return []Finding{wrong(check, "leave lablink:dns.zoneId out, or set it to the zone of the domain", "%s is %s, which %s is not in", id, name, s.DNS.Domain)}
	}
	return []Finding{ok(check, "%s (%s)", name, id)}
}

// severalZones says that a name has more zones than one.
type severalZones struct {
	name string
	ids  []string
}

func (e *severalZones) Error() string {
	return "there are several zones " + e.name + ": " + strings.Join(e.ids, ", ")
}

// find is the zone that is set, or the longest that there is.
func find(ctx context.Context, zones Zones, s *settings.Settings) (id, name string, err error) {
	id = s.DNS.ZoneID
	for _, candidate := range s.ZoneNames() {
		if id != "" {
			break
		}
		ids, err := zones.ZonesNamed(ctx, candidate)
		if err != nil {
			return "", "", err
		}
		if len(ids) > 1 {
			return "", "", &severalZones{candidate, ids}
		}
		if len(ids) == 1 {
			id = ids[0]
		}
	}
	if id == "" {
		return "", "", ErrMissing
	}
	name, err = zones.Zone(ctx, id)
	return id, name, err
}
