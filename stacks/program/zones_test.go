package program_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

// offered makes types be offered in some zones only, given by their letters.
func (r *run) offered(types map[string]string) *run {
	for name, letters := range types {
		t := r.account.InstanceTypes[name]
		t.Zones = []string{}
		for _, letter := range strings.Split(letters, "") {
			t.Zones = append(t.Zones, r.account.Region+letter)
		}
		r.account.InstanceTypes[name] = t
	}
	return r
}

// letters are the zones of the stack's subnets, in their order.
func letters(t *testing.T, r *recording.Recording) string {
	t.Helper()
	var out string
	for _, id := range r.Outputs["subnetIds"].Value.([]string) {
		zone := r.Named(strings.TrimSuffix(id, "-id")).Text("availabilityZone")
		require.Contains(t, zone, "us-west-2", id)
		out += strings.TrimPrefix(zone, "us-west-2")
	}
	return out
}

func TestZonesAreThoseThatOfferWhatTheEnvironmentLaunches(t *testing.T) {
	for _, c := range []struct {
		why     string
		network string
		offered map[string]string
		want    string
	}{
		{"everything everywhere", "{}", nil, "ab"},
		{"the host in one zone", "{}", map[string]string{"t4g.small": "c"}, "ca"},
		{"a pool in one zone", "{}", map[string]string{"g5.xlarge": "c", "g4dn.xlarge": "c"}, "ac"},
		{"one of a pool's types in the first zones", "{}", map[string]string{"g5.xlarge": "c", "g4dn.xlarge": "b"}, "ab"},
		{"host and pool apart", "{}", map[string]string{"t4g.small": "b", "g5.xlarge": "c", "g4dn.xlarge": "c"}, "bc"},
		{"pinned", `{"zones": ["us-west-2c", "us-west-2b", "us-west-2a"]}`, nil, "cba"},
	} {
		recorded := stackOf(t, "test").set(map[string]string{"lablink:network": c.network}).offered(c.offered).record(t)
		assert.Equal(t, c.want, letters(t, recorded), c.why)
		assert.Equal(t, "us-west-2"+c.want[:1], recorded.Named("host-data").Text("availabilityZone"), "the host stands in the first: %s", c.why)
		assert.Equal(t, "https://"+map[byte]string{'a': "10.20.0.10", 'b': "10.20.16.10", 'c': "10.20.32.10"}[c.want[0]], recorded.Outputs["agentUrl"].Value, "its address is of that zone: %s", c.why)
	}
}

func TestThePlanSaysWhichZonesWereChosenAndHowToKeepThem(t *testing.T) {
	const network = `{"zones": ["us-west-2a", "us-west-2b"]}`
	said := stackOf(t, "test").record(t).Notes
	require.Len(t, said, 1)
	assert.Contains(t, said[0], "lablink:network.zones is not set: it means [us-west-2a, us-west-2b] today")
	assert.Contains(t, said[0], "To keep them: lablink:network: {zones: [us-west-2a, us-west-2b]}")
	assert.Empty(t, stackOf(t, "test").set(map[string]string{"lablink:network": network}).record(t).Notes, "what is set is not told")
}

// AWS marks a zone as impaired for some hours; subnets stay where they are.
func TestTheStateOfAZoneMovesNothing(t *testing.T) {
	r := stackOf(t, "test")
	r.account.ImpairedZones = []string{"us-west-2a"}
	assert.Equal(t, "ab", letters(t, r.record(t)))
}

func TestZonesThatDoNotFitAreRefusedByTheirSetting(t *testing.T) {
	pools := `[{"name": "a", "instanceTypes": ["g5.xlarge"], "image": {"id": "ami-00000001"}, "maxMachines": 1},
		{"name": "b", "instanceTypes": ["g4dn.xlarge"], "image": {"id": "ami-00000001"}, "maxMachines": 1}]`
	pin := func(zones string) string { return `{"zones": [` + zones + `]}` }
	for _, c := range []struct {
		why, network string
		offered      map[string]string
		says         []string
	}{
		{"the host nowhere", "{}", map[string]string{"t4g.small": ""}, []string{"lablink:allocator.instanceType", "no zone of us-west-2 offers t4g.small"}},
		{"a pool nowhere", "{}", map[string]string{"g4dn.xlarge": ""}, []string{"lablink:pools[1].instanceTypes", "no zone of us-west-2 offers one of [g4dn.xlarge]"}},
		{"three zones needed", "{}", map[string]string{"t4g.small": "a", "g5.xlarge": "b", "g4dn.xlarge": "c"}, []string{"lablink:network.zones", "no two zones", "g5.xlarge:[us-west-2b]", "list three zones"}},
		{"a zone that is not there", pin(`"us-west-2a", "us-west-2f"`), nil, []string{"lablink:network.zones[1]", "no zone us-west-2f", "us-west-2c"}},
		{"the host not in the first", pin(`"us-west-2a", "us-west-2b"`), map[string]string{"t4g.small": "b"}, []string{"lablink:network.zones", "us-west-2a does not offer t4g.small", "put one of [us-west-2b] first"}},
		{"a pool in none of them", pin(`"us-west-2a", "us-west-2b"`), map[string]string{"g5.xlarge": "c"}, []string{"lablink:network.zones", "offers one of [g5.xlarge], the types of pools[0]", "add one of [us-west-2c]"}},
	} {
		r := stackOf(t, "test").set(map[string]string{"lablink:network": c.network, "lablink:pools": pools}).fit(t).offered(c.offered)
		recorded, err := r.do()
		for _, says := range c.says {
			require.ErrorContains(t, err, says, c.why)
		}
		assert.Empty(t, recorded.Names(), c.why)
	}
	three := stackOf(t, "test").set(map[string]string{"lablink:network": pin(`"us-west-2a", "us-west-2b", "us-west-2c"`), "lablink:pools": pools}).
		fit(t).offered(map[string]string{"t4g.small": "a", "g5.xlarge": "b", "g4dn.xlarge": "c"})
	assert.Equal(t, "abc", letters(t, three.record(t)), "three zones serve what two cannot")
}
