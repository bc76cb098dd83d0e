package live

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// item has the form of an item in AWS's price list.
const item = `{"product":{"productFamily":"Data Transfer","sku":"2WA8DCBVPVQUHGKM","attributes":{"transferType":"AWS Outbound","fromRegionCode":"us-west-2",
	"fromLocation":"US West (Oregon)","toLocation":"External","servicecode":"AWSDataTransfer","usagetype":"USW2-DataTransfer-Out-Bytes","operation":""}},
	"serviceCode":"AWSDataTransfer","version":"20260601000000","publicationDate":"2026-06-01T00:00:00Z","terms":{"OnDemand":{"2WA8DCBVPVQUHGKM.JRTCKXETXF":{
	"priceDimensions":{
		"2WA8DCBVPVQUHGKM.JRTCKXETXF.D42MF2PVJS":{"unit":"GB","beginRange":"10240","endRange":"51200","description":"$0.085","appliesTo":[],"rateCode":"x","pricePerUnit":{"USD":"0.0850000000"}},
		"2WA8DCBVPVQUHGKM.JRTCKXETXF.GQ2KJXBNKZ":{"unit":"GB","beginRange":"1","endRange":"10240","description":"$0.090","appliesTo":[],"rateCode":"y","pricePerUnit":{"USD":"0.0900000000"}},
		"2WA8DCBVPVQUHGKM.JRTCKXETXF.FREE":{"unit":"GB","beginRange":"0","endRange":"1","description":"free","appliesTo":[],"rateCode":"z","pricePerUnit":{"USD":"0.0000000000"}}},
	"sku":"2WA8DCBVPVQUHGKM","effectiveDate":"2026-06-01T00:00:00Z","offerTermCode":"JRTCKXETXF","termAttributes":{}}}}}`

func TestAnItemOfThePriceListIsReadAsItIsMeant(t *testing.T) {
	other := func(from ...string) string { return strings.NewReplacer(from...).Replace(item) }
	for name, c := range map[string]struct {
		items []string
		usd   float64
		err   string
	}{
		"the first usage that costs something": {[]string{item}, 0.09, ""},
		"the same twice":                       {[]string{item, item}, 0.09, ""},
		"beside another usage":                 {[]string{other("USW2-Data", "Global-Data", "0.09", "0.07"), item}, 0.09, ""},
		"without a tier":                       {[]string{other(`"beginRange":"1",`, "")}, 0.09, ""},
		"nothing":                              {nil, 0, ""},
		"another usage alone":                  {[]string{other("-Out-Bytes", "-Out-OBytes")}, 0, ""},
		"of another unit":                      {[]string{other(`"GB"`, `"TB"`)}, 0, ""},
		"in another currency":                  {[]string{other("USD", "CNY")}, 0, ""},
		"two prices":                           {[]string{item, other("0.0900000000", "0.1200000000")}, 0, "0.09 and 0.12 are listed for the same"},
		"no item":                              {[]string{"<html>"}, 0, "an item of the price list cannot be read"},
	} {
		usd, ok, err := products[price.Traffic].read("us-west-2", c.items)
		if c.err != "" {
			require.ErrorContains(t, err, c.err, name)
			continue
		}
		require.NoError(t, err, name)
		assert.Equal(t, c.usd > 0, ok, name)
		assert.InDelta(t, c.usd, usd, 1e-12, name)
	}
}

// What stands before a usage type is the Region's, in one of several spellings.
func TestAUsageTypeIsKnownInEveryRegion(t *testing.T) {
	for usage, region := range map[string]string{
		"LoadBalancerUsage": "us-east-1", "USE1-LoadBalancerUsage": "us-east-1", "EU-LoadBalancerUsage": "eu-west-1", "APS10-LoadBalancerUsage": "ap-southeast-6", "us-west-2-LoadBalancerUsage": "us-west-2",
	} {
		assert.True(t, products[price.LoadBalancer].isUsage(usage, region), usage)
	}
	for _, usage := range []string{"TS-LoadBalancerUsage", "CAN1-TS-LoadBalancerUsage", "Global-LoadBalancerUsage", "LoadBalancerUsages", "OutpostsLoadBalancerUsage", "us-west-1-LoadBalancerUsage"} {
		assert.False(t, products[price.LoadBalancer].isUsage(usage, "us-west-2"), usage)
	}
}

func TestEveryThingStandsInThePriceList(t *testing.T) {
	for _, thing := range price.Things() {
		p, ok := productOf(thing)
		assert.True(t, ok, thing)
		assert.NotEmpty(t, p.usage, thing)
	}
}
