package program

import (
	"fmt"

	"github.com/pulumi/pulumi-cloudflare/sdk/v5/go/cloudflare"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/api/edge"
	"github.com/talmolab/lablink-infrastructure/infra/host"
	"github.com/talmolab/lablink-infrastructure/infra/origin"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// originKeyName is the parameter that holds the key of the certificate that
// Cloudflare sees.
const originKeyName = host.SecretsName + "/origin-key"

// checkToken refuses to go on without Cloudflare's token where Cloudflare is
// called, and with one that everybody can read.
func (p Program) checkToken(ctx *pulumi.Context, s *settings.Settings) error {
	const key = "cloudflare:apiToken"
	problem := settings.Problem{Key: key, Fix: "make a token that may edit the zone's DNS and its SSL certificates, and set it with pulumi config set --secret cloudflare:apiToken"}
	switch {
	case !s.CallsCloudflare():
		return nil
	case p.Config[key] == "":
		problem.What = "is not set, but dns.provider is cloudflare"
	case !ctx.IsConfigSecret(key):
		problem.What = "is in plain text: whoever reads the stack file can change the zone"
		problem.Fix = "roll the token at Cloudflare, and set the new one with pulumi config set --secret cloudflare:apiToken"
	default:
		return nil
	}
	return &settings.Problems{Stack: ctx.Stack(), List: []settings.Problem{problem}}
}

// checkEdge compares the ranges that may reach the allocator with the ones from
// which Cloudflare connects now.
func checkEdge(ctx *pulumi.Context, s *settings.Settings, said *remarks) error {
	if !s.BehindCloudflare() {
		return nil
	}
	now, err := cloudflare.GetIpRanges(ctx)
	if err != nil {
		return fmt.Errorf("ask Cloudflare from which ranges it connects: %w", err)
	}
	added, gone := edge.Drift(now.Ipv4CidrBlocks)
	if len(added) > 0 {
		said.warn(fmt.Sprintf("Cloudflare also connects from %v, which LabLink does not know: people who come through them are not let in. Take a newer LabLink, or add the ranges to api/edge", added))
	}
	if len(gone) > 0 {
		said.warn(fmt.Sprintf("Cloudflare does not connect from %v any more, and somebody else may: take a newer LabLink, or take the ranges out of api/edge", gone))
	}
	return nil
}

// declareOrigin declares the certificate that Cloudflare sees.
func (e *environment) declareOrigin(ctx *pulumi.Context) (err error) {
	if !e.s.BehindCloudflare() {
		return nil
	}
	e.origin, err = origin.NewOrigin(ctx, "origin", &origin.OriginArgs{
		Namer: e.n, Domain: e.s.DNS.Domain, Parameter: e.n.ParameterPath(originKeyName),
	})
	if err != nil {
		return err
	}
	return ctx.Log.Info("tls.mode is cloudflare: the zone's encryption mode must be Full (strict), which LabLink does not change, as it is for all names of the zone; docs/deploying.md says where to look", nil)
}

// trust is the certificate that agents trust, where that is not one of the
// system's authorities.
func (e *environment) trust() pulumi.StringInput {
	if e.origin == nil {
		return nil
	}
	return e.origin.Certificate
}
