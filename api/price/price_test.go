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
		{"us-west-2", price.PublicAddress, 1, 3.65},
		{"us-west-2", price.Database("db.t4g.micro"), 2, 23.36},
		{"us-west-2", price.Key, 1, 1},
	} {
		p, ok := price.In(c.region, c.thing)
		require.True(t, ok, "%s in %s", c.thing, c.region)
		usd, ok := p.Monthly(c.n)
		require.True(t, ok)
		assert.InDelta(t, c.usd, usd, 0.001, "%s in %s", c.thing, c.region)
	}
}

func TestWhatTheTableLacksIsNotFree(t *testing.T) {
	_, ok := price.In("us-west-2", price.Instance("z9.huge"))
	assert.False(t, ok)
	_, ok = price.In("ap-south-2", price.Volume)
	assert.False(t, ok)
	_, ok = price.In("", "")
	assert.False(t, ok)
}

func TestTrafficIsNotByTheMonth(t *testing.T) {
	p, ok := price.In("us-west-2", price.Traffic)
	require.True(t, ok)
	_, ok = p.Monthly(100)
	assert.False(t, ok)
}

// Every Region has what every stack needs, at prices that can be true.
func TestEachRegionHasAllThings(t *testing.T) {
	regions := price.Regions()
	assert.IsIncreasing(t, regions)
	for _, region := range regions {
		for _, thing := range []price.Thing{
			price.Volume, price.Snapshot, price.PublicAddress, price.LoadBalancer, price.LoadUnit, price.NAT, price.NATTraffic, price.Traffic,
			price.DatabaseVolume, price.Bucket, price.Key, price.Secret, price.Alarm, price.Dashboard, price.Instance("t4g.small"), price.Database("db.t4g.micro"),
		} {
			p, ok := price.In(region, thing)
			assert.True(t, ok, "%s in %s", thing, region)
			assert.Positive(t, p.USD, "%s in %s", thing, region)
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
				_, ok := price.In(region, price.Instance(kind))
				assert.True(t, ok, "%s in %s: %s", kind, region, name)
			}
		}
	}
}
