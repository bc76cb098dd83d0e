package wire

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// The price list's own names of an offer and of its rates.
const (
	onDemand  = "JRTCKXETXF"
	rate      = "6YS6EN2CT7"
	published = "2026-06-01T00:00:00Z"
)

// priceList writes products down as AWS does: each a JSON document in a string,
// with its offer and, by tiers of usage, its prices.
func priceList(products []cloud.Product) []string {
	out := []string{}
	for _, p := range products {
		sku := p.SKU()
		offer, prices := sku+"."+onDemand, map[string]any{}
		for n, tier := range p.Tiers {
			end := "Inf"
			if n+1 < len(p.Tiers) {
				end = strconv.Itoa(p.Tiers[n+1].Begin)
			}
			code := fmt.Sprintf("%s.%s%d", offer, rate[:len(rate)-1], n)
			prices[code] = map[string]any{
				"unit": p.Unit, "beginRange": strconv.Itoa(tier.Begin), "endRange": end, "rateCode": code, "appliesTo": []string{},
				"description": fmt.Sprintf("$%v per %s", tier.USD, p.Unit), "pricePerUnit": map[string]string{"USD": fmt.Sprintf("%.10f", tier.USD)},
			}
		}
		product := map[string]any{"sku": sku, "attributes": p.Attributes}
		if p.Family != "" {
			product["productFamily"] = p.Family
		}
		raw, _ := json.Marshal(map[string]any{ // of maps and texts
			"product": product, "serviceCode": p.Service, "version": "20260601000000", "publicationDate": published,
			"terms": map[string]any{"OnDemand": map[string]any{offer: map[string]any{
				"sku": sku, "offerTermCode": onDemand, "effectiveDate": published, "termAttributes": map[string]string{}, "priceDimensions": prices,
			}}},
		})
		out = append(out, string(raw))
	}
	return out
}
