package account

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/talmolab/lablink-infrastructure/cli/doctor"
)

// ZonesNamed are the public zones of a name. Route 53 lists zones from a name on, in
// an order in which those of the name come first.
func (a *Account) ZonesNamed(ctx context.Context, name string) ([]string, error) {
	out, err := a.route53.ListHostedZonesByName(ctx, &route53.ListHostedZonesByNameInput{DNSName: &name})
	if err != nil {
		return nil, explain("route53:ListHostedZonesByName", err)
	}
	var ids []string
	for _, z := range out.HostedZones {
		if aws.ToString(z.Name) == name+"." && (z.Config == nil || !z.Config.PrivateZone) {
			ids = append(ids, strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/"))
		}
	}
	return ids, nil
}

// Zone is the name of a public zone.
func (a *Account) Zone(ctx context.Context, id string) (string, error) {
	out, err := a.route53.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: &id})
	switch {
	case err != nil:
		return "", explain("route53:GetHostedZone", err)
	case out.HostedZone.Config != nil && out.HostedZone.Config.PrivateZone:
		return "", doctor.ErrMissing
	}
	return strings.TrimSuffix(aws.ToString(out.HostedZone.Name), "."), nil
}
