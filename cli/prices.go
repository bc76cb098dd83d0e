package cli

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// PriceFlag says who is asked for prices.
type PriceFlag struct {
	Prices string `enum:"auto,live,table" default:"auto" help:"Whose prices: AWS's own (live), those that are written down in LabLink (table), or AWS's where these credentials may ask and the table's for the rest (auto)."`
}

// PricesCommand is `lablink prices`.
type PricesCommand struct {
	Region string `required:"" env:"AWS_REGION" help:"The AWS Region."`
	PriceFlag
	Kinds []string `arg:"" optional:"" name:"type" help:"Instance types, and classes of databases (db.t4g.micro), beside what has no kinds."`
}

// priceList is what is listed.
type priceList struct {
	Prices []priced `json:"prices"`
	// Refused is why some are not those that were asked for first.
	Refused []string `json:"refused,omitempty"`
}

type priced struct {
	Thing price.Thing  `json:"thing"`
	USD   float64      `json:"usd,omitempty"` // left out where it is not known
	Per   price.Unit   `json:"per,omitempty"`
	From  price.Origin `json:"from,omitempty"`
}

// Run lists the prices. What nobody knows is in the list, and is no error.
func (c *PricesCommand) Run(ctx context.Context, g *Globals) error {
	things := price.Things()
	for _, kind := range c.Kinds {
		if strings.HasPrefix(kind, "db.") {
			things = append(things, price.Database(kind))
			continue
		}
		things = append(things, price.Instance(kind), price.Spot(kind))
	}
	quote := g.quote(ctx, c.Prices, c.Region, things)
	var list priceList
	rows := [][]string{{"THING", "USD", "PER", "FROM"}}
	for _, t := range things {
		p, ok := quote.Price(t)
		list.Prices = append(list.Prices, priced{t, p.USD, p.Per, p.From})
		if !ok {
			rows = append(rows, []string{string(t), "not known", "", ""})
			continue
		}
		rows = append(rows, []string{string(t), fmt.Sprint(math.Round(p.USD*1e6) / 1e6), string(p.Per), string(p.From)})
	}
	for _, err := range quote.Refused() {
		list.Refused = append(list.Refused, err.Error())
		rows = append(rows, []string{err.Error()})
	}
	return g.show(list, rows)
}

// quote asks for prices, as the flag says.
func (g *Globals) quote(ctx context.Context, whose, region string, things []price.Thing) price.Quote {
	sources := []price.Source{price.Table{}}
	if whose != "table" {
		live, err := g.OpenPrices(ctx)
		if err != nil {
			live = unavailable{err}
		}
		sources = slices.Insert(sources, 0, live)
	}
	if whose == "live" {
		sources = sources[:1]
	}
	return price.Ask(ctx, region, things, sources...)
}

// unavailable is a source that could not be opened.
type unavailable struct{ why error }

// Prices are none.
func (u unavailable) Prices(context.Context, string, []price.Thing) (map[price.Thing]price.Price, error) {
	return nil, u.why
}
