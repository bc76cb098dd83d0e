package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/price"
	"github.com/talmolab/lablink-infrastructure/cli"
)

// aws is a price list with one price.
type aws struct{ why error }

func (a aws) Prices(context.Context, string, []price.Thing) (map[price.Thing]price.Price, error) {
	return map[price.Thing]price.Price{price.Instance("t4g.small"): {USD: 0.02, Per: price.Hour, From: "AWS's price list as of today"}}, a.why
}

func listed(t *testing.T, whose string, open func(context.Context) (price.Source, error), json bool) string {
	t.Helper()
	out := &strings.Builder{}
	c := cli.PricesCommand{Region: "us-west-2", PriceFlag: cli.PriceFlag{Prices: whose}, Kinds: []string{"t4g.small", "db.t4g.micro"}}
	require.NoError(t, c.Run(t.Context(), &cli.Globals{Out: out, OpenPrices: open, JSON: json}))
	return out.String()
}

func TestPricesAreListedWithWhoseTheyAre(t *testing.T) {
	lists := func(context.Context) (price.Source, error) { return aws{}, nil }
	never := func(context.Context) (price.Source, error) { t.Error("AWS is asked"); return aws{}, nil }
	broken := func(context.Context) (price.Source, error) {
		return nil, errors.New("there is no profile of that name")
	}
	for _, c := range []struct {
		whose string
		open  func(context.Context) (price.Source, error)
		lines []string // beginnings, without what aligns them
	}{
		{"auto", lists, []string{"instance t4g.small 0.02 hour AWS's price list as of today", "gp3 volume 0.08 GiB-month LabLink's table of June 2025", "spot instance t4g.small not known"}},
		{"live", lists, []string{"instance t4g.small 0.02 hour AWS's price list as of today", "gp3 volume not known", "database db.t4g.micro not known"}},
		{"table", never, []string{"instance t4g.small 0.0168 hour LabLink's table of June 2025", "database db.t4g.micro 0.016 hour LabLink's table of June 2025"}},
		{"auto", broken, []string{"instance t4g.small 0.0168 hour LabLink's table of June 2025", "there is no profile of that name"}},
	} {
		var got []string
		for line := range strings.Lines(listed(t, c.whose, c.open, false)) {
			got = append(got, strings.Join(strings.Fields(line), " "))
		}
		for _, line := range c.lines {
			assert.Contains(t, got, line, c.whose)
		}
	}
}

func TestAListOfPricesIsJSONToo(t *testing.T) {
	var list struct {
		Prices  []map[string]any
		Refused []string
	}
	raw := listed(t, "auto", func(context.Context) (price.Source, error) { return aws{errors.New("half of it")}, nil }, true)
	require.NoError(t, json.Unmarshal([]byte(raw), &list))
	assert.Equal(t, []string{"half of it"}, list.Refused)
	assert.Contains(t, list.Prices, map[string]any{"thing": "instance t4g.small", "usd": 0.02, "per": "hour", "from": "AWS's price list as of today"})
	assert.Contains(t, list.Prices, map[string]any{"thing": "spot instance t4g.small"})
}
