package program_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

func TestNothingIsRegisteredNorAskedWhenSettingsAreWrong(t *testing.T) {
	for _, stack := range stacks {
		r := stackOf(t, stack).set(map[string]string{"lablink:deployment": "X", "lablink:nonsense": "x"})
		recorded, err := r.do()
		assert.ErrorContains(t, err, "Pulumi."+stack+".yaml has 2 problems; nothing was deployed")
		assert.Empty(t, recorded.Names(), stack)
		assert.Empty(t, recorded.Calls, "AWS is not asked for %s", stack)
		assert.Empty(t, recorded.Outputs, stack)
		assert.Nil(t, r.builder.allocator, "nothing is built for %s", stack)
	}
}

// What AWS has to be asked is found out before anything is declared, too.
func TestNothingIsRegisteredWhenTheAccountDoesNotFit(t *testing.T) {
	for _, c := range []struct {
		why, stack string
		spoil      func(*run)
		says       []string
	}{
		{"another account", "prod", func(r *run) { r.account.ID = "999999999999" }, []string{"lablink:account.id", "999999999999", "use the right credentials"}},
		{"one zone only", "test", func(r *run) { r.account.Zones = r.account.Zones[:1] }, []string{"aws:region", "has 1 zone", "choose another Region"}},
		{"no hosted zone", "prod", func(r *run) { r.account.HostedZones = nil }, []string{"lablink:dns.domain", "create the zone"}},
		{"two hosted zones", "prod", func(r *run) {
			for name := range r.account.HostedZones {
				r.account.HostedZones[name] = []string{"Z1", "Z2"}
			}
		}, []string{"lablink:dns.zoneId", "set dns.zoneId"}},
		{"a type that the Region lacks", "prod", func(r *run) { delete(r.account.InstanceTypes, "g5.xlarge") }, []string{"lablink:pools[0].instanceTypes", "g5.xlarge"}},
		{"a host's type that the Region lacks", "test", func(r *run) { delete(r.account.InstanceTypes, "t4g.small") }, []string{"lablink:allocator.instanceType", "t4g.small"}},
		{"a host's type of an older hypervisor", "test", func(r *run) {
			r.account.InstanceTypes["t4g.small"] = recording.InstanceType{Architectures: []string{"arm64"}, Hypervisor: "xen"}
		}, []string{"lablink:allocator.instanceType", `is "xen"`, "t4g.small"}},
		{"a disk that is smaller than its image", "local", func(r *run) { r.imagesOf(12) }, []string{"lablink:pools[0].rootVolumeGiB is 10", "needs 12"}},
		{"a host's image that is too large", "prod", func(r *run) { r.imagesOf(30) }, []string{"lablink:allocator.ami", "needs a root volume of 30 GiB", "has 16"}},
		{"images of another Region", "local", func(r *run) { r.account.Images = map[string]recording.Image{} }, []string{"lablink:allocator.ami", "in this Region"}},
		{"no Debian", "test", func(r *run) { r.account.Parameters = nil }, []string{"lablink:allocator.ami", "/aws/service/debian/release/12/latest/arm64"}},
		{"a compiler that fails", "test", func(r *run) { r.builder.err = errors.New("undefined: x") }, []string{"undefined: x"}},
	} {
		r := stackOf(t, c.stack)
		c.spoil(r)
		recorded, err := r.do()
		for _, says := range c.says {
			assert.ErrorContains(t, err, says, c.why)
		}
		assert.Empty(t, recorded.Names(), c.why)
	}
}

// Agents trust what browsers trust.
func TestStagingCertificatesAreWarnedOf(t *testing.T) {
	r := stackOf(t, "prod").set(map[string]string{
		"lablink:environmentClass": "other", "lablink:tls": `{"email": "lab@example.org", "staging": true}`,
	}).record(t)
	require.Len(t, r.Warnings, 1)
	assert.Contains(t, r.Warnings[0], "lablink:tls.staging")
	assert.Contains(t, r.Warnings[0], "no machine becomes ready")
	tls := stackOf(t, "test").config["lablink:tls"]
	assert.NotContains(t, tls, "staging", "the environment to try changes in has machines")
}

// imagesOf gives all images a size, in GiB.
func (r *run) imagesOf(size int) {
	for id, image := range r.account.Images {
		image.SnapshotGiB = size
		r.account.Images[id] = image
	}
}

func TestRolesNeedTheAccountsIdentityProvider(t *testing.T) {
	r := stackOf(t, "test")
	r.account.OIDCProvider = ""
	_, err := r.do()
	assert.ErrorContains(t, err, "lablink:github.repository is set")
	assert.ErrorContains(t, err, "deploy the account stack first")
}

func TestImagesThatMoveAreSaidInThePlan(t *testing.T) {
	for stack, want := range map[string]int{"local": 0, "test": 2, "prod": 0, "account": 0} {
		assert.Len(t, stackOf(t, stack).record(t).Warnings, want, stack)
	}
	for _, w := range stackOf(t, "test").record(t).Warnings {
		assert.Contains(t, w, "is not pinned")
	}
}
