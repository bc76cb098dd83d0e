package live

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// listed is what is read of one item of a price list.
type listed struct {
	Product struct {
		Attributes map[string]string `json:"attributes"`
	} `json:"product"`
	Terms struct {
		OnDemand map[string]struct {
			Dimensions map[string]dimension `json:"priceDimensions"`
		} `json:"OnDemand"`
	} `json:"terms"`
}

// dimension is one price: for usage from a beginning on, where it depends on that.
type dimension struct {
	Unit  string            `json:"unit"`
	Begin string            `json:"beginRange"`
	Per   map[string]string `json:"pricePerUnit"`
}

// read is what a thing costs by the items of a price list: not ok where none of
// them has a price of it, and an error where they have several.
func (p product) read(region string, items []string) (usd float64, ok bool, err error) {
	for _, raw := range items {
		var l listed
		if err := json.Unmarshal([]byte(raw), &l); err != nil {
			return 0, false, fmt.Errorf("an item of the price list cannot be read: %w", err)
		}
		if !p.isUsage(l.Product.Attributes["usagetype"], region) {
			continue
		}
		switch one, has := p.first(l); {
		case !has:
		case ok && one != usd:
			return 0, false, fmt.Errorf("%v and %v are listed for the same", usd, one)
		default:
			usd, ok = one, true
		}
	}
	return usd, ok, nil
}

// first is the price of the first usage that costs something: what is free at the
// beginning is so for a whole account.
func (p product) first(l listed) (usd float64, ok bool) {
	least := 0.0
	for _, term := range l.Terms.OnDemand {
		for _, d := range term.Dimensions {
			found, err := strconv.ParseFloat(d.Per["USD"], 64)
			begin, noBegin := strconv.ParseFloat(d.Begin, 64)
			if err != nil || found <= 0 || !p.isUnit(d.Unit) {
				continue
			}
			if noBegin != nil { // it does not depend on how much is used
				begin = 0
			}
			if !ok || begin < least {
				usd, least, ok = found, begin, true
			}
		}
	}
	if p.times != 0 {
		usd *= p.times
	}
	return usd, ok
}

func (p product) isUnit(unit string) bool {
	if known, ok := units[p.per]; ok {
		return slices.Contains(known, unit)
	}
	for _, other := range units {
		if slices.Contains(other, unit) {
			return false
		}
	}
	return p.per == price.Month
}
