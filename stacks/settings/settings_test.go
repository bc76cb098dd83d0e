package settings_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// config is a stack's configuration, by full key.
type config map[string]string

// with is a configuration with some values changed; "" takes one away.
func (c config) with(changes config) config {
	out := maps.Clone(c)
	maps.Copy(out, changes)
	maps.DeleteFunc(out, func(_, v string) bool { return v == "" })
	return out
}

// good passes every rule, those of production too.
func good() config {
	return config{
		"aws:region":         "us-west-2",
		"lablink:deployment": "vision-lab",
		"lablink:account":    `{"id": "123456789012"}`,
		"lablink:network":    `{"zones": ["us-west-2a", "us-west-2b"]}`,
		"lablink:dns":        `{"provider": "route53", "domain": "lab.example.org"}`,
		"lablink:tls":        `{"email": "lab@example.org"}`,
		"lablink:allocator":  `{"ami": "ami-0123456789abcdef0"}`,
		"lablink:pools":      `[{"name": "gpu", "instanceTypes": ["g5.xlarge"], "image": {"id": "ami-0123456789abcdef1"}, "maxMachines": 4}]`,
	}
}

// problems are what is wrong with a configuration.
func problems(t *testing.T, stack string, c config) []settings.Problem {
	t.Helper()
	s, err := settings.Load(stack, c)
	if err == nil {
		return nil
	}
	assert.Nil(t, s, "settings that are wrong are not handed out")
	var found *settings.Problems
	require.ErrorAs(t, err, &found)
	return found.List
}

func TestWhatIsLeftOutHasADefault(t *testing.T) {
	for _, stack := range []string{"test", "prod", "prod-2"} {
		got, err := settings.Load(stack, good())
		require.NoError(t, err)
		class := map[bool]string{true: settings.Other, false: settings.Production}[stack == "test"]
		assert.Equal(t, &settings.Settings{
			Deployment: "vision-lab", Kind: settings.KindEnvironment, EnvironmentClass: class,
			Account: settings.Account{ID: "123456789012"}, Sessions: settings.Sessions{WarnMinutes: 5},
			Network: settings.Network{Cidr: "10.20.0.0/16", AllowedCidrs: []string{"0.0.0.0/0"}, Zones: []string{"us-west-2a", "us-west-2b"}},
			DNS:     settings.DNS{Provider: settings.Route53, Domain: "lab.example.org", Manage: new(true)},
			TLS:     settings.TLS{Mode: settings.ACME, Challenge: "http", Email: "lab@example.org"},
			Allocator: settings.Allocator{
				Version: settings.FromSource, ReleaseURL: "https://github.com/talmolab/lablink-infrastructure/releases/download",
				AMI: "ami-0123456789abcdef0", InstanceType: "t4g.small", Replicas: 1, Address: "persistent", DataVolumeGiB: 20,
			},
			Database: settings.Database{Engine: settings.SQLite, InstanceClass: "db.t4g.micro", BackupDays: new(7), SnapshotHours: 12},
			Pools: []settings.Pool{{
				Name: "gpu", InstanceTypes: []string{"g5.xlarge"}, Market: settings.OnDemand, Image: settings.Image{ID: "ami-0123456789abcdef1"}, RootVolumeGiB: 100, MaxMachines: 4, Desktop: "none",
				Startup: settings.Startup{OnError: "continue", MaxAttempts: 3, BaseDelaySeconds: new(30), RunAs: "session"},
			}},
			OIDC: settings.OIDC{GroupsClaim: "groups"}, GitHub: settings.GitHub{Environment: stack}, Environment: stack, Region: "us-west-2",
		}, got)
		assert.Equal(t, class == settings.Production, got.Protect(), "production protects, %s", stack)
	}
}

func TestWithoutADomainThereIsNoCertificate(t *testing.T) {
	got, err := settings.Load("test", good().with(config{"lablink:dns": "", "lablink:tls": ""}))
	require.NoError(t, err)
	assert.Equal(t, settings.None, got.TLS.Mode)
	assert.Equal(t, settings.None, got.DNS.Provider)
	assert.Equal(t, 80, got.AgentPort())
	got, err = settings.Load("test", good())
	require.NoError(t, err)
	assert.Equal(t, 443, got.AgentPort())
}

func TestARetiringStackProtectsNothingWhateverElseIsSet(t *testing.T) {
	for _, protection := range []string{"", "true", "false"} {
		set := config{"lablink:retiring": "true"}
		if protection != "" {
			set["lablink:protection"] = protection
		}
		got, err := settings.Load("prod", good().with(set))
		require.NoError(t, err, "protection: %s", protection)
		assert.False(t, got.Protect(), "protection: %s", protection)
	}
}

func TestProtectionCanBeSetOutsideProduction(t *testing.T) {
	for value, want := range map[string]bool{"true": true, "false": false} {
		got, err := settings.Load("test", good().with(config{"lablink:protection": value}))
		require.NoError(t, err)
		assert.Equal(t, want, got.Protect(), value)
	}
}

func TestOtherProgramsSettingsAreNoneOfOurs(t *testing.T) {
	assert.Empty(t, problems(t, "test", good().with(config{"aws:profile": "lab", "cloudflare:apiToken": "x", "lablinkish:x": "y"})))
}

// Every stack file of the working copy is right, whatever it is edited to.
func TestTheStacksOfThisWorkingCopyAreRight(t *testing.T) {
	for stack, want := range map[string]struct{ kind, class string }{
		"local":   {settings.KindEnvironment, settings.Other},
		"test":    {settings.KindEnvironment, settings.Other},
		"prod":    {settings.KindEnvironment, settings.Production},
		"account": {settings.KindAccount, settings.Other},
	} {
		c, err := recording.StackFile("../..", stack)
		require.NoError(t, err)
		got, err := settings.Load(stack, c)
		require.NoError(t, err)
		assert.Equal(t, want.kind, got.Kind, stack)
		assert.Equal(t, want.class, got.EnvironmentClass, stack)
		assert.Equal(t, stack, got.Environment)
		assert.Equal(t, stack == "prod" || stack == "account", got.Protect(), "%s protects what must survive", stack)
	}
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	_, err := settings.Load("prod", config{
		"aws:region": "us-west", "lablink:deployment": "V", "lablink:tls": `{"mode": "none", "staging": true, "emial": "x"}`,
		"lablink:network": `{"cidr": "10.0.0.0/8"}`, "lablink:dns.domain": "lab.example.org", "lablink:pols": "[]",
	})
	require.EqualError(t, err, `Pulumi.prod.yaml has 12 problems; nothing was deployed:
  lablink:dns.domain is a flat key with a dot
    fix: write it nested: lablink:dns: {domain: …}
  lablink:pols is not a setting
    fix: did you mean lablink:pools?
  lablink:tls.emial is not a setting
    fix: did you mean lablink:tls.email?
  aws:region is not a Region: "us-west"
    fix: write a Region's name, for example us-west-2
  lablink:deployment must be 3–20 lower-case letters, digits and dashes, starting with a letter, not "V"
    fix: choose a short name, for example vision-lab
  lablink:network.cidr must be an IPv4 network of /16 to /24, not "10.0.0.0/8"
    fix: use a private network, for example 10.20.0.0/16
  lablink:pools is empty
    fix: describe at least one kind of machine: name, instanceTypes, image, maxMachines
  lablink:account.id is required in production, so that nothing is deployed into another account
    fix: write the account's twelve digits in quotes
  lablink:tls.mode is none: production serves over TLS only
    fix: use acme, with dns.domain and tls.email
  lablink:tls.staging is on: neither browsers nor machines accept a staging certificate
    fix: remove it
  lablink:allocator.ami is not pinned: the host would be replaced when a newer image appears
    fix: lablink image pin --host prod writes today's
  lablink:network.zones is not set: the network would move when AWS offers an instance type in another zone
    fix: list two by their whole names, the host's first; aws ec2 describe-instance-type-offerings --location-type availability-zone --filters Name=instance-type,Values=t4g.small shows those that offer the host's type`)
	var found *settings.Problems
	assert.ErrorAs(t, err, &found)
}

func TestLoadBalancersAndSeveralHostsAreTakenWhereTheyFit(t *testing.T) {
	for why, c := range map[string]config{
		"a certificate that is requested": one("tls", `{"mode": "acm"}`),
		"one that exists":                 one("tls", acm("us-west-2", "123456789012")),
		"one that exists, and no record":  {"lablink:dns": `{"domain": "lab.example.org"}`, "lablink:tls": acm("us-west-2", "123456789012")},
		"a narrow range":                  {"lablink:tls": `{"mode": "acm"}`, "lablink:network": `{"zones": ["us-west-2a", "us-west-2b"], "allowedCidrs": ["192.0.2.0/24"]}`},
		"several hosts":                   hosts("2", "postgres", `{"mode": "acm"}`),
		"several hosts, one that exists":  hosts("10", "postgres", acm("us-west-2", "123456789012")),
	} {
		got, err := settings.Load("prod", good().with(c))
		require.NoError(t, err, why)
		assert.True(t, got.Balanced(), why)
		assert.Equal(t, 443, got.AgentPort(), why)
	}
	got, err := settings.Load("prod", good())
	require.NoError(t, err)
	assert.False(t, got.Balanced())
}
