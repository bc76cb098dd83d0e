package dns

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-cloudflare/sdk/v5/go/cloudflare"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/dns/zonename"
)

// automatic is the time to live of a record that Cloudflare proxies.
const automatic = 1

// declareCloudflare declares the record in a zone of Cloudflare's: an address, or
// another name for a load balancer's.
func (args *DnsArgs) declareCloudflare(ctx *pulumi.Context, name string, ttl int, opts ...pulumi.ResourceOption) (pulumi.StringOutput, error) {
	kind, content := "A", args.Target.Address
	if args.Target.Name != nil {
		kind, content = "CNAME", args.Target.Name
	}
	if args.Proxied {
		ttl = automatic
	}
	record, err := cloudflare.NewRecord(ctx, name, &cloudflare.RecordArgs{
		ZoneId: pulumi.String(args.ZoneID), Name: pulumi.String(args.Domain), Type: pulumi.String(kind),
		Content: content, Ttl: pulumi.Int(ttl), Proxied: pulumi.Bool(args.Proxied),
	}, opts...)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return record.Hostname, nil
}

// FindCloudflareZone finds Cloudflare's zone for a domain, as FindZone finds
// Route 53's.
func FindCloudflareZone(ctx *pulumi.Context, domain string) (string, error) {
	names := zonename.Of(domain)
	for _, candidate := range names {
		found, err := cloudflare.GetZones(ctx, &cloudflare.GetZonesArgs{Filter: cloudflare.GetZonesFilter{Name: pulumi.StringRef(candidate)}})
		if err != nil {
			return "", fmt.Errorf("lablink:dns.zoneId: find Cloudflare's zone for %s: %s: %w (does cloudflare:apiToken allow to read the zone? dns.zoneId, when it is set, is not looked up)", domain, candidate, err)
		}
		var ids []string
		for _, zone := range found.Zones {
			if zone.Id != nil {
				ids = append(ids, *zone.Id)
			}
		}
		switch len(ids) {
		case 0:
		case 1:
			return ids[0], nil
		default:
			return "", fmt.Errorf("lablink:dns.zoneId: find Cloudflare's zone for %s: there are %d of the name %s: %s: set dns.zoneId to the one that is delegated to", domain, len(ids), candidate, strings.Join(ids, ", "))
		}
	}
	return "", fmt.Errorf("lablink:dns.domain: cloudflare:apiToken sees no zone for %s (looked for %s): let it read the zone, create the zone, or use dns.provider: none", domain, strings.Join(names, ", "))
}
