package program

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/infra/dns"
	"github.com/talmolab/lablink-infrastructure/infra/host"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/network"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
	"github.com/talmolab/lablink-infrastructure/infra/pool"
	"github.com/talmolab/lablink-infrastructure/infra/release"
	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// environment is one environment while it is declared.
type environment struct {
	s         *settings.Settings
	n         naming.Namer
	found     lookups
	network   *network.Network
	account   account
	artifacts pulumi.StringOutput // the artifact bucket's name
	boundary  pulumi.StringOutput // the ARN of what bounds machines' roles
	pools     []*pool.Pool        // in the order of the settings
}

// declareEnvironment declares one environment: network, kinds of machines,
// release, host, name and roles.
func (p Program) declareEnvironment(ctx *pulumi.Context, s *settings.Settings, n naming.Namer) error {
	found, err := lookUp(ctx, s)
	if err != nil {
		return err
	}
	if s.TLS.Staging {
		_ = ctx.Log.Warn("lablink:tls.staging is on, which only tries out getting a certificate: agents do not trust the staging authority, so no machine becomes ready", nil)
	}
	binaries, err := p.Builder.Build(ctx.Context(), []string{found.hostPlatform}, found.clientPlatforms)
	if err != nil {
		return err
	}
	e := &environment{s: s, n: n, found: found}
	if err := e.readAccount(ctx); err != nil {
		return err
	}
	if err := e.declareNetwork(ctx); err != nil {
		return err
	}
	if err := e.declareBoundary(ctx); err != nil {
		return err
	}
	if err := e.declareArtifacts(ctx); err != nil {
		return err
	}
	if err := e.declarePools(ctx); err != nil {
		return err
	}
	password, stored, err := e.declareAdminPassword(ctx)
	if err != nil {
		return err
	}
	r, err := release.NewRelease(ctx, "release", &release.ReleaseArgs{
		Namer: n, Bucket: e.artifacts, Shared: e.account.artifacts != "", Binaries: binaries, Settings: e.allocatorSettings(),
	})
	if err != nil {
		return err
	}
	h, err := e.declareHost(ctx, []pulumi.Resource{r.Pointer, stored})
	if err != nil {
		return err
	}
	url, err := e.declareName(ctx, h)
	if err != nil {
		return err
	}
	roles, err := e.declareIdentity(ctx)
	if err != nil {
		return err
	}
	values := pulumi.Map{
		"contractVersion": pulumi.Int(outputs.Version),
		"deployment":      pulumi.String(n.Deployment), "environment": pulumi.String(n.Environment),
		"url": url, "agentUrl": pulumi.String(e.agentURL()), "publicAddress": h.PublicIP,
		"vpcId": e.network.VPCID, "subnetIds": e.network.SubnetIDs,
		"allocatorSecurityGroupId": e.network.AllocatorGroup, "clientSecurityGroupId": e.network.ClientGroup,
		"pools": e.poolOutputs(), "artifactBucket": e.artifacts,
		"release":              pulumi.Map{"version": r.Version, "manifest": r.Manifest},
		"database":             pulumi.Map{"engine": pulumi.String("sqlite"), "endpoint": pulumi.String("")},
		"initialAdminPassword": password,
	}
	for name, role := range roles {
		values[name] = role
	}
	return export[outputs.Environment](ctx, values)
}

func (e *environment) declareNetwork(ctx *pulumi.Context) (err error) {
	e.network, err = network.NewNetwork(ctx, "network", &network.NetworkArgs{
		Namer: e.n, Cidr: e.s.Network.Cidr, Zones: e.found.zones,
		AllowedCidrs: e.s.Network.AllowedCidrs, AgentPort: e.s.AgentPort(),
	})
	return err
}

func (e *environment) declarePools(ctx *pulumi.Context) error {
	for i, s := range e.s.Pools {
		p, err := pool.NewPool(ctx, "pool-"+s.Name, &pool.PoolArgs{
			Namer: e.n, Pool: s.Name, InstanceTypes: s.InstanceTypes, Image: e.found.clientImages[i],
			SecurityGroup: e.network.ClientGroup, RootVolumeGiB: s.RootVolumeGiB,
			Bucket: e.bucket(), Pointer: e.n.ParameterPath(release.PointerName),
			Permissions: host.ClientPermissions(e.n, e.bucket()), Boundary: e.boundary,
			AgentURL: e.agentURL(), TLSName: e.tlsName(), Audience: api.Audience(e.n.Deployment, e.n.Environment),
			After: e.network.Ready,
		})
		if err != nil {
			return err
		}
		e.pools = append(e.pools, p)
	}
	return nil
}

func (e *environment) poolOutputs() pulumi.Map {
	out := pulumi.Map{}
	for i, s := range e.s.Pools {
		out[s.Name] = pulumi.Map{
			"launchTemplateId": e.pools[i].LaunchTemplateID, "amiId": pulumi.String(e.found.clientImages[i].ID),
			"instanceTypes": pulumi.ToStringArray(s.InstanceTypes),
		}
	}
	return out
}

func (e *environment) declareHost(ctx *pulumi.Context, after []pulumi.Resource) (*host.Host, error) {
	plan := e.network.Plan.Subnets[0]
	roles := e.clientRoles()
	permissions := policy.Render(func(values []string) policy.Document {
		return host.Permissions(host.Grants{
			Namer: e.n, Bucket: e.bucket(), ClientRoles: roles, ClientGroup: values[0], SubnetIDs: values[1:],
			ChallengeZone: e.challengeZone(), Domain: e.s.DNS.Domain,
		})
	}, append([]pulumi.StringInput{e.network.ClientGroup}, e.subnetIDs()...)...)
	return host.NewHost(ctx, "host", &host.HostArgs{
		Namer: e.n, InstanceType: e.s.Allocator.InstanceType, AMI: e.found.hostImage.ID,
		SubnetID: e.subnetIDs()[0], Zone: plan.Zone, PrivateIP: plan.Host,
		SecurityGroup: e.network.AllocatorGroup, DataVolumeGiB: e.s.Allocator.DataVolumeGiB,
		Bucket: e.bucket(), Pointer: e.n.ParameterPath(release.PointerName),
		Permissions: permissions, Boundary: e.boundary, Protect: e.s.Protect(), After: slices.Concat(e.network.Ready, after),
	})
}

// declareName declares the record, where there is one, and says where people
// reach the allocator.
func (e *environment) declareName(ctx *pulumi.Context, h *host.Host) (pulumi.StringOutput, error) {
	scheme := "https://"
	if e.s.TLS.Mode == settings.None {
		scheme = "http://"
	}
	if e.s.DNS.Domain == "" {
		return pulumi.Sprintf("%s%s", scheme, h.PublicIP), nil
	}
	name := pulumi.String(e.s.DNS.Domain).ToStringOutput()
	if e.s.DNS.Provider == settings.Route53 {
		d, err := dns.NewDns(ctx, "dns", &dns.DnsArgs{
			Domain: e.s.DNS.Domain, ZoneID: e.found.zoneID, Target: dns.Target{Address: h.PublicIP}, Protect: e.s.Protect(),
		})
		if err != nil {
			return pulumi.StringOutput{}, err
		}
		name = d.FQDN
	}
	return pulumi.Sprintf("%s%s", scheme, name), nil
}

// agentURL is where clients reach the allocator, inside the network.
func (e *environment) agentURL() string {
	scheme := "https://"
	if e.s.TLS.Mode == settings.None {
		scheme = "http://"
	}
	return scheme + e.network.Plan.Subnets[0].Host
}

// tlsName is the name that the allocator's certificate holds.
func (e *environment) tlsName() string {
	if e.s.TLS.Mode == settings.None {
		return ""
	}
	return e.s.DNS.Domain
}

func (e *environment) clientRoles() []string {
	var out []string
	for _, s := range e.s.Pools {
		out = append(out, pool.RoleName(e.n, s.Name))
	}
	return out
}

// subnetIDs are the ids of the subnets.
func (e *environment) subnetIDs() []pulumi.StringInput {
	var out []pulumi.StringInput
	for _, subnet := range e.network.Subnets {
		out = append(out, subnet.ID().ToStringOutput())
	}
	return out
}
