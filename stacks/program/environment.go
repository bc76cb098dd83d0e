package program

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/infra/balancer"
	"github.com/talmolab/lablink-infrastructure/infra/database"
	"github.com/talmolab/lablink-infrastructure/infra/dns"
	"github.com/talmolab/lablink-infrastructure/infra/host"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/network"
	"github.com/talmolab/lablink-infrastructure/infra/origin"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
	"github.com/talmolab/lablink-infrastructure/infra/pool"
	"github.com/talmolab/lablink-infrastructure/infra/release"
	"github.com/talmolab/lablink-infrastructure/infra/release/build"
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
	binaries  build.Binaries      // of a new release
	balancer  *balancer.Balancer  // nil where people reach the host itself
	address   *host.Address       // of the one host; nil where there is none that stays
	host      *host.Host          // nil where there are several
	artifacts pulumi.StringOutput // the artifact bucket's name
	boundary  pulumi.StringOutput // the ARN of what bounds machines' roles
	pools     []*pool.Pool        // in the order of the settings
	postgres  *database.Postgres  // nil with SQLite
	origin    *origin.Origin      // the certificate that Cloudflare sees; nil where nobody stands before the allocator
}

// environment finds out what one environment is made of, and builds its release.
func (p Program) environment(ctx *pulumi.Context, s *settings.Settings, n naming.Namer) (environment, error) {
	e := environment{s: s, n: n}
	if err := e.readAccount(ctx); err != nil {
		return e, err
	}
	if err := e.useProvider(ctx); err != nil {
		return e, err
	}
	var err error
	if e.found, err = lookUp(ctx, s, n, e.bucket()); err != nil {
		return e, err
	}
	if s.TLS.Staging {
		_ = ctx.Log.Warn("lablink:tls.staging is on, which only tries out getting a certificate: agents do not trust the staging authority, so no machine becomes ready", nil)
	}
	warnOfDear(ctx, s)
	e.binaries, err = p.binaries(ctx.Context(), s, e.found)
	return e, err
}

// declare declares one environment: network, kinds of machines, database,
// release, host, name, alarms and roles. It can be called again.
func (e environment) declare(ctx *pulumi.Context) error {
	if err := e.declareNetwork(ctx); err != nil {
		return err
	}
	if err := e.declareBoundary(ctx); err != nil {
		return err
	}
	if err := e.declareAddress(ctx); err != nil {
		return err
	}
	if err := e.declareOrigin(ctx); err != nil {
		return err
	}
	if err := e.declareBalancer(ctx); err != nil {
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
	if err := e.declareDatabase(ctx); err != nil {
		return err
	}
	r, err := release.NewRelease(ctx, "release", &release.ReleaseArgs{
		Namer: e.n, Bucket: e.artifacts, Shared: e.account.artifacts != "", Binaries: e.binaries, Settings: e.allocatorSettings(), Existing: e.found.release,
	})
	if err != nil {
		return err
	}
	needed := []pulumi.Resource{r.Pointer, stored}
	if e.origin != nil {
		needed = append(needed, e.origin.Key)
	}
	target, err := e.declareHosts(ctx, needed)
	if err != nil {
		return err
	}
	url, err := e.declareName(ctx, target)
	if err != nil {
		return err
	}
	dashboard, err := e.declareWatch(ctx)
	if err != nil {
		return err
	}
	roles, err := e.declareIdentity(ctx)
	if err != nil {
		return err
	}
	values := pulumi.Map{
		"contractVersion": pulumi.Int(outputs.Version),
		"deployment":      pulumi.String(e.n.Deployment), "environment": pulumi.String(e.n.Environment),
		"url": url, "agentUrl": e.agentURL(), "publicAddress": address(target),
		"vpcId": e.network.VPCID, "subnetIds": e.network.SubnetIDs,
		"allocatorSecurityGroupId": e.network.AllocatorGroup, "clientSecurityGroupId": e.network.ClientGroup,
		"pools": e.poolOutputs(), "artifactBucket": e.artifacts,
		"release":  pulumi.Map{"version": r.Version, "manifest": r.Manifest},
		"database": e.databaseOutput(), "dashboardUrl": dashboard,
		"initialAdminPassword": password,
	}
	for name, role := range roles {
		values[name] = role
	}
	return export[outputs.Environment](ctx, values)
}

func (e *environment) declareNetwork(ctx *pulumi.Context) (err error) {
	e.network, err = network.NewNetwork(ctx, "network", &network.NetworkArgs{
		Namer: e.n, Existing: e.found.network, Cidr: e.found.cidr, Zones: e.found.zones, NAT: e.s.Network.NAT,
		AllowedCidrs: e.s.Network.AllowedCidrs, AgentPort: e.s.AgentPort(), Balanced: e.s.Balanced(),
	})
	return err
}

// declareAddress declares what outlives the host of an environment that has one:
// client machines know its private address before it boots.
func (e *environment) declareAddress(ctx *pulumi.Context) (err error) {
	if e.s.Allocator.Address == settings.Dynamic || e.s.Allocator.Replicas > 1 {
		return nil
	}
	place := e.network.Subnets[0]
	e.address, err = host.NewAddress(ctx, "host", &host.AddressArgs{
		Namer: e.n, SubnetID: place.ID, SecurityGroup: e.network.AllocatorGroup, PrivateIP: place.Host,
		Protect: e.s.Protect(), After: e.network.Ready,
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
			AgentURL: e.agentURL(), TLSName: e.tlsName(), Trust: e.trust(), Public: e.network.ClientsPublic, Audience: api.Audience(e.n.Deployment, e.n.Environment),
			Desktop: s.Desktop,
			After:   e.ready(),
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

// declareHosts declares the allocator's host, or several behind their balancer,
// and says what the name of the allocator points at.
func (e *environment) declareHosts(ctx *pulumi.Context, after []pulumi.Resource) (dns.Target, error) {
	roles := e.clientRoles()
	secret := pulumi.String("").ToStringOutput()
	if e.postgres != nil {
		secret = e.postgres.SecretARN
	}
	permissions := policy.Render(func(values []string) policy.Document {
		return host.Permissions(host.Grants{
			Namer: e.n, Bucket: e.bucket(), ClientRoles: roles, ClientGroup: values[0], DatabaseSecret: values[1], SubnetIDs: values[2:],
			ChallengeZone: e.challengeZone(), Domain: e.s.DNS.Domain,
			Spot: slices.ContainsFunc(e.s.Pools, func(p settings.Pool) bool { return p.Market != settings.OnDemand }),
		})
	}, append([]pulumi.StringInput{e.network.ClientGroup, secret}, subnetIDs(e.network.Clients)...)...)
	after = slices.Concat(e.ready(), after)
	if e.s.Allocator.Replicas > 1 {
		return e.balancerTarget(), e.declareGroup(ctx, permissions, after)
	}
	place := e.network.Subnets[0]
	var dynamic *host.Dynamic
	if e.address == nil {
		dynamic = &host.Dynamic{SubnetID: place.ID, PrivateIP: place.Host, SecurityGroup: e.network.AllocatorGroup}
	}
	var err error
	e.host, err = host.NewHost(ctx, "host", &host.HostArgs{
		Namer: e.n, InstanceType: e.s.Allocator.InstanceType, AMI: e.found.hostImage.ID,
		Zone: place.Zone, Address: e.address, Dynamic: dynamic,
		DataVolumeGiB: e.s.Allocator.DataVolumeGiB, Snapshot: e.s.Database.RestoreSnapshot, FinalSnapshot: *e.s.Database.BackupDays > 0,
		Bucket: e.bucket(), Pointer: e.n.ParameterPath(release.PointerName),
		Permissions: permissions, Boundary: e.boundary, TargetGroups: e.targetGroups(), Protect: e.s.Protect(), After: after,
	})
	switch {
	case err != nil:
		return dns.Target{}, err
	case e.balancer != nil:
		return e.balancerTarget(), nil
	}
	return dns.Target{Address: e.host.PublicIP}, nil
}

// address is a target as people would type it.
func address(t dns.Target) pulumi.StringInput {
	if t.Name != nil {
		return t.Name
	}
	return t.Address
}

// declareName declares the record, where there is one, and says where people
// reach the allocator.
func (e *environment) declareName(ctx *pulumi.Context, target dns.Target) (pulumi.StringOutput, error) {
	scheme := "https://"
	if e.s.TLS.Mode == settings.None {
		scheme = "http://"
	}
	if e.s.DNS.Domain == "" {
		return pulumi.Sprintf("%s%s", scheme, address(target)), nil
	}
	name := pulumi.String(e.s.DNS.Domain).ToStringOutput()
	args := &dns.DnsArgs{
		Domain: e.s.DNS.Domain, ZoneID: e.found.zoneID, Cloudflare: e.s.DNS.Provider == settings.Cloudflare,
		Target: target, Proxied: e.s.BehindCloudflare(), Protect: e.s.Protect(),
	}
	if e.s.ManagesRecord() {
		d, err := dns.NewDns(ctx, "dns", args)
		if err != nil {
			return pulumi.StringOutput{}, err
		}
		name = d.FQDN
	} else if err := dns.ByHand(ctx, args); err != nil {
		return pulumi.StringOutput{}, err
	}
	return pulumi.Sprintf("%s%s", scheme, name), nil
}

// agentURL is where clients reach the allocator, inside the network.
func (e *environment) agentURL() pulumi.StringInput {
	if e.balancer != nil {
		return e.balancer.AgentURL
	}
	scheme := "https://"
	if e.s.TLS.Mode == settings.None {
		scheme = "http://"
	}
	if e.address == nil { // of an own VPC, where the host's address is planned
		return pulumi.String(scheme + e.network.Subnets[0].Host)
	}
	return pulumi.Sprintf("%s%s", scheme, e.address.PrivateIP)
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

// subnetIDs are the ids of subnets.
func subnetIDs(subnets []network.Subnet) []pulumi.StringInput {
	var out []pulumi.StringInput
	for _, subnet := range subnets {
		out = append(out, subnet.ID)
	}
	return out
}
