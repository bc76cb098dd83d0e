package program

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/api/edge"
	"github.com/talmolab/lablink-infrastructure/infra/balancer"
	"github.com/talmolab/lablink-infrastructure/infra/database"
	"github.com/talmolab/lablink-infrastructure/infra/host"
	"github.com/talmolab/lablink-infrastructure/infra/pool"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// allocatorSettings renders what the stack decided as the allocator reads it.
// There is nothing secret in it: secrets are named, not held.
func (e *environment) allocatorSettings() pulumi.StringOutput {
	var inputs []any
	for _, p := range e.pools {
		inputs = append(inputs, p.LaunchTemplateID)
	}
	for _, id := range subnetIDs(e.network.Clients) {
		inputs = append(inputs, id)
	}
	certificate := pulumi.StringInput(pulumi.String(""))
	if e.origin != nil && e.balancer == nil {
		certificate = e.origin.Certificate
	}
	endpoint, secret := pulumi.StringInput(pulumi.String("")), pulumi.StringInput(pulumi.String(""))
	if e.postgres != nil {
		endpoint, secret = e.postgres.Endpoint, e.postgres.SecretARN
	}
	// Pools' templates first, then subnets; the last ones are one each.
	return pulumi.All(append(inputs, endpoint, secret, certificate)...).ApplyT(func(all []any) (string, error) {
		ids := make([]string, len(all))
		for i, id := range all {
			ids[i] = id.(string)
		}
		lists, last := ids[:len(ids)-3], ids[len(ids)-3:]
		plain := e.plainSettings(lists[:len(e.pools)], lists[len(e.pools):])
		plain.Database.Endpoint, plain.Database.SecretARN, plain.TLS.Certificate = last[0], last[1], last[2]
		raw, err := json.Marshal(plain)
		if err != nil {
			return "", fmt.Errorf("render the allocator's settings: %w", err)
		}
		return string(raw), nil
	}).(pulumi.StringOutput)
}

// How long browsers are told to come over TLS only: in production for as long as
// is usual, elsewhere for a day, as names come and go there.
const (
	hstsProduction = 365 * 24 * 60 * 60 // seconds
	hstsElsewhere  = 24 * 60 * 60
)

func (e *environment) plainTLS() deployed.TLS {
	out := deployed.TLS{Mode: e.s.TLS.Mode, Email: e.s.TLS.Email, Staging: e.s.TLS.Staging, ZoneID: e.challengeZone()}
	if e.s.TLS.Mode == settings.None {
		return out
	}
	out.Domain = e.s.DNS.Domain
	switch {
	case e.s.TLS.Staging: // nobody trusts the certificate
	case e.s.InProduction():
		out.HSTSSeconds = hstsProduction
	default:
		out.HSTSSeconds = hstsElsewhere
	}
	return out
}

// challengeZone is the zone in which the host answers a certificate authority,
// or "" where its ports do.
func (e *environment) challengeZone() string {
	if e.s.TLS.Challenge != settings.ChallengeDNS {
		return ""
	}
	return e.found.zoneID
}

// oidcSecretName is the parameter in which whoever registered the deployment at a
// provider puts the client's secret.
const oidcSecretName = host.SecretsName + "/oidc-client-secret"

func (e *environment) signOn() deployed.OIDC {
	o := e.s.OIDC
	if o.Issuer == "" {
		return deployed.OIDC{}
	}
	return deployed.OIDC{
		Issuer: o.Issuer, ClientID: o.ClientID, SecretParameter: e.n.ParameterPath(oidcSecretName),
		Admins: o.Admins, Instructors: o.Instructors, Viewers: o.Viewers, GroupsClaim: o.GroupsClaim,
	}
}

func (e *environment) plainSettings(templates, subnets []string) deployed.Settings {
	zones := make([]string, len(subnets))
	for i, s := range e.network.Clients {
		zones[i] = s.Zone
	}
	out := deployed.Settings{
		Deployment: e.n.Deployment, Environment: e.n.Environment, Region: e.n.Region, AccountID: e.n.AccountID,
		Audience:               api.Audience(e.n.Deployment, e.n.Environment),
		AdminPasswordParameter: e.n.ParameterPath(adminPasswordName),
		TLS:                    e.plainTLS(),
		Database:               deployed.Database{Engine: e.s.Database.Engine},
		WorkBucket:             e.bucket(),
		Sessions:               deployed.Sessions{MaxMinutes: e.s.Sessions.MaxMinutes, IdleMinutes: e.s.Sessions.IdleMinutes, WarnMinutes: e.s.Sessions.WarnMinutes},
		OIDC:                   e.signOn(),
		Budget:                 deployed.Budget{MonthlyUSD: e.s.Budget.MonthlyUSD, HardCap: e.s.Budget.HardCap},
	}
	if e.postgres != nil {
		out.Database.Name = database.Name
	}
	switch {
	case e.balancer != nil: // which ends TLS, whoever issued the certificate
		out.TLS.Mode = settings.ACM
		out.TrustedProxies, out.ClientAddressHeader = slices.Clone(e.network.Cidrs), balancer.AddressHeader
		if e.s.BehindCloudflare() { // which stands before the load balancer, and adds to the same header
			out.TrustedProxies = append(out.TrustedProxies, edge.Ranges()...)
		}
	case e.s.BehindCloudflare():
		out.TLS.KeyParameter = e.n.ParameterPath(originKeyName)
		out.TrustedProxies, out.ClientAddressHeader = edge.Ranges(), edge.Header
	}
	for i, p := range e.s.Pools {
		out.Pools = append(out.Pools, deployed.Pool{
			Name: p.Name, LaunchTemplateID: templates[i], InstanceTypes: p.InstanceTypes, SubnetIDs: subnets, SubnetZones: zones,
			Market: p.Market, MaxMachines: p.MaxMachines, RootVolumeGiB: p.RootVolumeGiB, Role: pool.RoleName(e.n, p.Name),
			Collect: p.Collect, Desktop: shown(p.Desktop), Container: p.Container, Repository: p.Repository, Software: p.Software, Startup: plainStartup(p.Startup),
		})
	}
	return out
}

// shown is what a pool's machines show, or "".
func shown(desktop string) string {
	if desktop == settings.None {
		return ""
	}
	return desktop
}

// plainStartup is what machines run once; without a script, only how their repository is
// cloned.
func plainStartup(s settings.Startup) deployed.Startup {
	return deployed.Startup{
		Script: s.Script, OnError: s.OnError, MaxAttempts: s.MaxAttempts, BaseDelaySeconds: *s.BaseDelaySeconds, SuccessCheck: s.SuccessCheck, RunAs: s.RunAs,
	}
}
