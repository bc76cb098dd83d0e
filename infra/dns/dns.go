package dns

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
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
	// ZoneID is the hosted zone. Required; see FindZone.
	ZoneID string
	// Target is what the name points at. Required.
	Target Target
	// TTL is the record's time to live, in seconds. Optional: 300.
	TTL int
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

// NewDns declares the record.
func NewDns(ctx *pulumi.Context, name string, args *DnsArgs, opts ...pulumi.ResourceOption) (*Dns, error) {
	if args == nil || args.Domain == "" || args.ZoneID == "" || args.Target.Address == nil {
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
	record, err := route53.NewRecord(ctx, name+"-record", &route53.RecordArgs{
		ZoneId: pulumi.String(args.ZoneID), Name: pulumi.String(args.Domain), Type: pulumi.String("A"),
		Ttl: pulumi.Int(ttl), Records: pulumi.StringArray{args.Target.Address},
	}, pulumi.Parent(d), pulumi.Protect(args.Protect), pulumi.RetainOnDelete(args.Protect))
	if err != nil {
		return nil, err
	}
	d.FQDN = record.Fqdn
	return d, ctx.RegisterResourceOutputs(d, pulumi.Map{"fqdn": d.FQDN})
}

// FindZone finds the public hosted zone for a domain: the longest one that the
// domain ends in. No zone and two zones of one name are errors that say what
// was looked for.
func FindZone(ctx *pulumi.Context, domain string) (string, error) {
	labels := strings.Split(strings.TrimSuffix(domain, "."), ".")
	var tried []string
	for i := range len(labels) - 1 {
		candidate := strings.Join(labels[i:], ".")
		zone, err := route53.LookupZone(ctx, &route53.LookupZoneArgs{Name: pulumi.StringRef(candidate)})
		switch {
		case err == nil:
			return zone.ZoneId, nil
		case !strings.Contains(err.Error(), "no matching"):
			return "", fmt.Errorf("lablink:dns.zoneId: find the hosted zone for %s: %s: %w (set dns.zoneId to the one that is delegated to)", domain, candidate, err)
		}
		tried = append(tried, candidate)
	}
	return "", fmt.Errorf("lablink:dns.domain: this account has no public hosted zone for %s (looked for %s): create the zone and delegate to it, or use dns.provider: none", domain, strings.Join(tried, ", "))
}
