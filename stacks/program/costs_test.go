package program_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/price"
	"github.com/talmolab/lablink-infrastructure/cli/preview"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

// costed is what a stack costs that is made anew, as a reviewer would be told.
type costed struct {
	name   string
	region string
	cost   preview.Cost
	parts  map[string]float64 // by component, USD a month
	hourly []preview.Hourly   // the machines of its pools, each type
}

// costOf reckons what a run declares.
func costOf(t *testing.T, name string, r *run) costed {
	t.Helper()
	recorded, err := r.do(recording.Preview)
	require.NoError(t, err, name)
	p := &preview.Preview{Config: r.config, Whole: true, Ended: true}
	parent := map[string]string{}
	for _, record := range recorded.Records {
		parent[record.Name] = cmp.Or(record.Parent, record.Name)
		p.Steps = append(p.Steps, preview.Step{Op: "create", Type: record.Type, Name: record.Name, Parent: record.Parent, New: &preview.State{Inputs: record.Inputs.Mappable()}})
	}
	quote := price.Ask(t.Context(), p.Region(), p.Things(), price.Table{})
	c := costed{name: name, region: p.Region(), cost: p.Costs(quote), parts: map[string]float64{}}
	require.Empty(t, c.cost.NotKnown, name)
	for _, l := range c.cost.Lines {
		c.parts[parent[l.Name]] += l.After
	}
	for _, m := range p.Machines(quote) {
		c.hourly = append(append(c.hourly, m.After), m.Others...)
	}
	return c
}

// allCosts are those of the stacks that are committed, and of each template.
func allCosts(t *testing.T) []costed {
	t.Helper()
	var out []costed
	for _, stack := range []string{"account", "test", "prod"} {
		config, err := recording.ReadStackFile("../..", filepath.Join("../..", "Pulumi."+stack+".yaml"))
		require.NoError(t, err)
		out = append(out, costOf(t, "stack "+stack, newRun(t, stack, config)))
	}
	for _, name := range templates(t) {
		out = append(out, costOf(t, "template "+name, templateOf(t, name)))
	}
	return out
}

// stacksTable is what each stack costs a month, and its components.
func stacksTable(all []costed) string {
	var b strings.Builder
	b.WriteString("| what | a month | of which |\n|---|---|---|\n")
	for _, c := range all {
		names := slices.SortedFunc(maps.Keys(c.parts), func(x, y string) int {
			return cmp.Or(cmp.Compare(c.parts[y], c.parts[x]), strings.Compare(x, y))
		})
		var parts []string
		for _, n := range names {
			if c.parts[n] > 0 {
				parts = append(parts, fmt.Sprintf("`%s` $%.2f", n, c.parts[n]))
			}
		}
		kind, name, _ := strings.Cut(c.name, " ")
		fmt.Fprintf(&b, "| %s `%s` | $%.2f | %s |\n", kind, name, c.cost.After, strings.Join(parts, ", "))
	}
	return b.String()
}

// machinesTable is what the types of all pools cost, each with its volume and
// address.
func machinesTable(t *testing.T, all []costed) string {
	t.Helper()
	types := map[string]float64{}
	for _, c := range all {
		for _, h := range c.hourly {
			require.True(t, h.Known, "%s of %s", h.Kind, c.name)
			types[h.Kind] = max(types[h.Kind], h.USD)
		}
	}
	var b strings.Builder
	b.WriteString("| a machine | an hour | a workshop of 20 people for 4 hours |\n|---|---|---|\n")
	for _, kind := range slices.SortedFunc(maps.Keys(types), func(x, y string) int { return cmp.Compare(types[x], types[y]) }) {
		fmt.Fprintf(&b, "| %s | $%.3f | $%.2f |\n", kind, types[kind], 20*4*types[kind])
	}
	return b.String()
}

// useTable is what is paid for by use.
func useTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| what | for | price |\n|---|---|---|\n")
	used := []struct {
		thing price.Thing
		what  string
	}{
		{price.Traffic, "desktops and downloads; the first 100 GB of an account in a month are free"},
		{price.ZoneTraffic, "between the host and machines in other zones, in each direction"},
		{price.NATTraffic, "with `network.nat`: all that machines fetch, S3 apart"},
		{price.LoadUnit, "with `tls.mode: acm`: the busiest of connections, bytes and requests"},
		{price.Snapshot, "what changes between two snapshots of the data, on top of the first"},
		{price.Bucket, "releases, and what is kept in buckets"},
		{price.Queries, "with `dns.provider: route53`; those for a load balancer's name are free"},
	}
	var things []price.Thing
	for _, u := range used {
		things = append(things, u.thing)
	}
	q := price.Ask(t.Context(), "us-west-2", things, price.Table{})
	for _, u := range used {
		p, ok := q.Price(u.thing)
		require.True(t, ok, u.thing)
		fmt.Fprintf(&b, "| %s | %s | $%v per %s |\n", u.thing, u.what, p.USD, p.Per)
	}
	return b.String()
}

// Nobody types a price into a document.
func TestTheDocumentOfCostsSaysWhatTheStacksCost(t *testing.T) {
	const file = "../../docs/costs.md"
	all := allCosts(t)
	for _, c := range all {
		assert.Equal(t, "us-west-2", c.region, "%s: the document names one Region", c.name)
	}
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	want := string(raw)
	for place, table := range map[string]string{"stacks": stacksTable(all), "machines": machinesTable(t, all), "use": useTable(t)} {
		begin, end := "<!-- Costs of "+place+": go test ./stacks/program -update -->\n", "<!-- The end of these costs. -->\n"
		before, rest, ok := strings.Cut(want, begin)
		require.True(t, ok, "%s has no place for the costs of %s", file, place)
		_, after, ok := strings.Cut(rest, end)
		require.True(t, ok, "%s has no end of the costs of %s", file, place)
		want = before + begin + "\n" + table + "\n" + end + after
	}
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
		raw = []byte(want)
	}
	assert.Equal(t, want, string(raw), "%s is stale: go test ./stacks/program -update", file)
	assert.Contains(t, want, "table of "+price.Date)
}
