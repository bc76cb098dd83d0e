package dns

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/dns/zonename"
)

// Dns is the record.
type Dns struct {
	pulumi.ResourceState

	// FQDN is the full name, known once the record exists.
	FQDN pulumi.StringOutput `pulumi:"fqdn"`
}

// DnsArgs says which name points where.
type DnsArgs struct {
	// Domain is the full name, for example "lab.example.org". Required.
	Domain string
	// Cloudflare is set where the zone is Cloudflare's, and not Route 53's.
	Cloudflare bool
	// ZoneID is the zone. Required; see FindZone and FindCloudflareZone.
	ZoneID string
	// Target is what the name points at. Required.
	Target Target
	// TTL is the record's time to live, in seconds. Optional: 300. An alias in
	// Route 53 has its load balancer's.
	TTL int
	// Proxied lets Cloudflare answer in the target's place and pass on what it is
	// asked. The time to live is then Cloudflare's own.
	Proxied bool
	// Protect keeps the record when the stack is destroyed.
	Protect bool
}

// Target is an address, or a load balancer.
type Target struct {
	// Address is an IPv4 address.
	Address pulumi.StringInput
	// Name and ZoneID are a load balancer's DNS name and the hosted zone of that
	// name, which a record of Route 53 is an alias of.
	Name, ZoneID pulumi.StringInput
}

// complete reports whether there is exactly one target, with all that the zone's
// provider needs to point at it.
func (args *DnsArgs) complete() bool {
	t := args.Target
	return (t.Address != nil) != (t.Name != nil) && (args.Cloudflare || (t.Name != nil) == (t.ZoneID != nil))
}

// declareRoute53 declares an A record that holds an address, or is an alias of a
// load balancer.
func (args *DnsArgs) declareRoute53(ctx *pulumi.Context, name string, ttl int, opts ...pulumi.ResourceOption) (pulumi.StringOutput, error) {
	r := &route53.RecordArgs{ZoneId: pulumi.String(args.ZoneID), Name: pulumi.String(args.Domain), Type: pulumi.String("A")}
	if args.Target.Name != nil {
		r.Aliases = route53.RecordAliasArray{route53.RecordAliasArgs{
			Name: args.Target.Name, ZoneId: args.Target.ZoneID, EvaluateTargetHealth: pulumi.Bool(true),
		}}
	} else {
		r.Ttl, r.Records = pulumi.Int(ttl), pulumi.StringArray{args.Target.Address}
	}
	record, err := route53.NewRecord(ctx, name, r, opts...)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return record.Fqdn, nil
}

// NewDns declares the record.
func NewDns(ctx *pulumi.Context, name string, args *DnsArgs, opts ...pulumi.ResourceOption) (*Dns, error) {
	if args == nil || args.Domain == "" || args.ZoneID == "" || !args.complete() {
		return nil, errors.New("dns: Domain, ZoneID and Target are required")
	}
	d := &Dns{}
	if err := ctx.RegisterComponentResource("lablink:dns:Dns", name, d, opts...); err != nil {
		return nil, err
	}
	ttl := args.TTL
	if ttl == 0 {
		ttl = 300
	}
	declare := args.declareRoute53
	if args.Cloudflare {
		declare = args.declareCloudflare
	}
	fqdn, err := declare(ctx, name+"-record", ttl, pulumi.Parent(d), pulumi.Protect(args.Protect), pulumi.RetainOnDelete(args.Protect))
	if err != nil {
		return nil, err
	}
	d.FQDN = fqdn
	return d, ctx.RegisterResourceOutputs(d, pulumi.Map{"fqdn": d.FQDN})
}

// FindZone finds the public hosted zone for a domain: the longest one that the
// domain ends in. No zone and two zones of one name are errors that say what
// was looked for.
func FindZone(ctx *pulumi.Context, domain string) (string, error) {
	names := zonename.Of(domain)
	for _, candidate := range names {
		zone, err := route53.LookupZone(ctx, &route53.LookupZoneArgs{Name: pulumi.StringRef(candidate)})
		switch {
		case err == nil:
			return zone.ZoneId, nil
		case !strings.Contains(err.Error(), "no matching"):
			return "", fmt.Errorf("lablink:dns.zoneId: find the hosted zone for %s: %s: %w (set dns.zoneId to the one that is delegated to)", domain, candidate, err)
		}
	}
	return "", fmt.Errorf("lablink:dns.domain: this account has no public hosted zone for %s (looked for %s): create the zone and delegate to it, or use dns.provider: none", domain, strings.Join(names, ", "))
}
