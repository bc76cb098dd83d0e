package price_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// in is what the table says of a thing.
func in(t *testing.T, region string, thing price.Thing) (price.Price, bool) {
	t.Helper()
	return price.Ask(t.Context(), region, []price.Thing{thing}, price.Table{}).Price(thing)
}

func TestPricesAreByTheUnitThatAWSBills(t *testing.T) {
	for _, c := range []struct {
		region string
		thing  price.Thing
		n      float64
		usd    float64
	}{
		{"us-west-2", price.Instance("t4g.small"), 1, 12.264},
		{"us-east-1", price.Instance("g4dn.xlarge"), 2, 767.96},
		{"eu-central-1", price.Instance("g5.xlarge"), 1, 918.34},
		{"us-west-2", price.Volume, 100, 8},
		{"us-west-2", price.IOPS, 1000, 5},
		{"us-west-2", price.PublicAddress, 1, 3.65},
		{"us-west-2", price.Database("db.t4g.micro"), 2, 23.36},
		{"us-west-2", price.Key, 1, 1},
	} {
		p, ok := in(t, c.region, c.thing)
		require.True(t, ok, "%s in %s", c.thing, c.region)
		assert.Equal(t, price.TableOrigin, p.From)
		usd, ok := p.Monthly(c.n)
		require.True(t, ok)
		assert.InDelta(t, c.usd, usd, 0.001, "%s in %s", c.thing, c.region)
	}
}

func TestWhatTheTableLacksIsNotFree(t *testing.T) {
	for region, thing := range map[string]price.Thing{"us-west-2": price.Instance("z9.huge"), "us-east-1": price.Spot("g5.xlarge"), "ap-south-2": price.Volume, "": ""} {
		_, ok := in(t, region, thing)
		assert.False(t, ok, "%s in %s", thing, region)
	}
}

func TestTrafficAndQueriesAreNotByTheMonth(t *testing.T) {
	for _, thing := range []price.Thing{price.Traffic, price.Queries} {
		p, ok := in(t, "us-west-2", thing)
		require.True(t, ok)
		_, ok = p.Monthly(100)
		assert.False(t, ok, thing)
	}
}

// Every Region has what every stack needs, at prices that can be true.
func TestEachRegionHasAllThings(t *testing.T) {
	regions := price.Table{}.Regions()
	assert.IsIncreasing(t, regions)
	for _, region := range regions {
		for _, thing := range append(price.Things(), price.Instance("t4g.small"), price.Database("db.t4g.micro")) {
			p, ok := in(t, region, thing)
			assert.True(t, ok, "%s in %s", thing, region)
			assert.Positive(t, p.USD, "%s in %s", thing, region)
		}
	}
}

func TestAThingTellsItsKind(t *testing.T) {
	for thing, want := range map[price.Thing][3]string{
		price.Instance("g5.xlarge"): {"g5.xlarge"}, price.Spot("g5.xlarge"): {"", "g5.xlarge"}, price.Database("db.t4g.micro"): {"", "", "db.t4g.micro"},
		price.Volume: {}, price.DatabaseVolume: {},
	} {
		for n, kind := range []func() (string, bool){thing.InstanceType, thing.SpotType, thing.DatabaseClass} {
			got, ok := kind()
			assert.Equal(t, want[n] != "", ok, thing)
			if ok {
				assert.Equal(t, want[n], got)
			}
		}
	}
}

// Templates are what people begin with.
func TestTheTypesOfTheTemplatesHaveAPrice(t *testing.T) {
	files, err := filepath.Glob("../../stacks/templates/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range append(files, "../../Pulumi.prod.yaml", "../../Pulumi.test.yaml") {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		kinds := regexp.MustCompile(`\b[a-z]+\d[a-z]*\.\d*(?:nano|micro|small|medium|large|xlarge)\b`).FindAllString(string(raw), -1)
		require.NotEmpty(t, kinds, name)
		for _, kind := range kinds {
			for _, region := range []string{"us-west-2", "us-east-1"} {
				_, ok := in(t, region, price.Instance(kind))
				assert.True(t, ok, "%s in %s: %s", kind, region, name)
			}
		}
	}
}
