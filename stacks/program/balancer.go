package program

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/balancer"
	"github.com/talmolab/lablink-infrastructure/infra/certificate"
	"github.com/talmolab/lablink-infrastructure/infra/dns"
	"github.com/talmolab/lablink-infrastructure/infra/host"
	"github.com/talmolab/lablink-infrastructure/infra/release"
)

// declareBalancer declares the load balancers with their certificate, where
// people reach the allocator through them.
func (e *environment) declareBalancer(ctx *pulumi.Context) error {
	if !e.s.Balanced() {
		return nil
	}
	arn, err := e.declareCertificate(ctx)
	if err != nil {
		return err
	}
	e.balancer, err = balancer.NewBalancer(ctx, "balancer", &balancer.BalancerArgs{
		Namer: e.n, VPCID: e.network.VPCID, SubnetIDs: e.network.SubnetIDs,
		AllocatorGroup: e.network.AllocatorGroup, ClientGroup: e.network.ClientGroup,
		AllowedCidrs: e.s.Network.AllowedCidrs, CertificateARN: arn, Protect: e.s.Protect(), After: e.network.Ready,
	})
	return err
}

// declareCertificate is the certificate that the load balancers serve with.
func (e *environment) declareCertificate(ctx *pulumi.Context) (pulumi.StringInput, error) {
	if arn := e.s.TLS.CertificateARN; arn != "" {
		return pulumi.String(arn), nil
	}
	var c *certificate.Certificate
	var err error
	if e.origin != nil {
		c, err = certificate.NewImported(ctx, "certificate", &certificate.ImportedArgs{
			Namer: e.n, Certificate: e.origin.Certificate, Key: e.origin.Key.Value,
		})
	} else {
		c, err = certificate.NewCertificate(ctx, "certificate", &certificate.CertificateArgs{
			Namer: e.n, Domain: e.s.DNS.Domain, ZoneID: e.found.zoneID,
		})
	}
	if err != nil {
		return nil, err
	}
	return c.ARN, nil
}

// declareGroup declares several hosts.
func (e *environment) declareGroup(ctx *pulumi.Context, permissions pulumi.StringInput, after []pulumi.Resource) error {
	_, err := host.NewGroup(ctx, "host", &host.GroupArgs{
		Namer: e.n, InstanceType: e.s.Allocator.InstanceType, Image: e.found.hostImage, Count: e.s.Allocator.Replicas,
		SubnetIDs: e.network.SubnetIDs, SecurityGroup: e.network.AllocatorGroup, TargetGroups: e.targetGroups(),
		Bucket: e.bucket(), Pointer: e.n.ParameterPath(release.PointerName), Permissions: permissions, Boundary: e.boundary, After: after,
	})
	return err
}

func (e *environment) balancerTarget() dns.Target {
	return dns.Target{Name: e.balancer.DNSName, ZoneID: e.balancer.ZoneID}
}

func (e *environment) targetGroups() []pulumi.StringInput {
	if e.balancer == nil {
		return nil
	}
	return e.balancer.TargetGroups
}

// ready is what must be there before machines start: routes, rules and listeners.
func (e *environment) ready() []pulumi.Resource {
	if e.balancer == nil {
		return e.network.Ready
	}
	return slices.Concat(e.network.Ready, e.balancer.Ready)
}
