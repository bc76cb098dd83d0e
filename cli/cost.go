package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// CostCommand prints what machines cost.
type CostCommand struct {
	AtStack
	Workshop string `help:"Only this workshop: its id, wks_…, or its name."`
	All      bool   `help:"Also workshops that have ended."`
	Months   int    `default:"1" help:"How many months, the newest first: 1 is this one (${default})."`
}

// costs is what machines cost, in US dollars without tax.
type costs struct {
	Workshops []api.Cost      `json:"workshops"`
	Total     total           `json:"total"`
	Budget    *api.Budget     `json:"budget,omitempty"`
	Months    []api.MonthCost `json:"months,omitempty"`
}

// total is the sum of workshops.
type total struct {
	SoFar  float64 `json:"so_far_usd"`
	Hourly float64 `json:"hourly_usd"`
	// AtEnd sums those that have an end, and what the others cost so far.
	AtEnd   float64 `json:"at_end_usd"`
	Unknown int     `json:"unknown_machines"`
}

// Run prints it, workshop by workshop, and the month's where no workshop is named.
func (c CostCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	id, err := oneOrAll(ctx, client, c.Workshop)
	if err != nil {
		return err
	}
	var out costs
	if out.Workshops, err = c.workshops(ctx, client, id); err != nil {
		return err
	}
	for _, w := range out.Workshops {
		out.Total.add(w)
	}
	rows := costRows(out)
	if id == "" {
		if err := c.months(ctx, client, &out); err != nil {
			return err
		}
	}
	if err := g.show(out, rows); err != nil || g.JSON || id != "" {
		return err
	}
	return g.showMonths(out)
}

// workshops asks for the costs of one, or of all that are wanted.
func (c CostCommand) workshops(ctx context.Context, client *api.Client, id string) ([]api.Cost, error) {
	open := map[string]bool{}
	if id == "" && !c.All {
		ids, err := seated(ctx, client, "")
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			open[id] = true
		}
	}
	all := []api.Cost{}
	for after := ""; ; {
		var page api.Page[api.Cost]
		if err := client.Do(ctx, http.MethodGet, "/api/v1/costs?limit=200&after="+url.QueryEscape(after), nil, &page); err != nil {
			return nil, err
		}
		all = append(all, slices.DeleteFunc(page.Items, func(w api.Cost) bool {
			return id != "" && w.Workshop != id || id == "" && !c.All && !open[w.Workshop]
		})...)
		if after = page.Next; after == "" || id != "" && len(all) > 0 {
			break
		}
	}
	if id != "" && len(all) == 0 {
		return nil, api.Problemf(api.NotFound, "There is no such workshop", "%q: `lablink workshops --all` lists all.", id)
	}
	return all, nil
}

// months asks for what all machines cost, month by month.
func (c CostCommand) months(ctx context.Context, client *api.Client, out *costs) error {
	out.Budget = new(api.Budget)
	if err := client.Do(ctx, http.MethodGet, "/api/v1/budget", nil, out.Budget); err != nil {
		return err
	}
	var page api.Page[api.MonthCost]
	err := client.Do(ctx, http.MethodGet, fmt.Sprintf("/api/v1/costs/months?limit=%d", c.Months), nil, &page)
	if api.CodeOf(err) == api.NotFound { // an allocator of an older release tells this month only
		page.Items, err = []api.MonthCost{{Month: out.Budget.Month, Spent: out.Budget.Spent, AtEnd: out.Budget.Spent}}, nil
	}
	out.Months = page.Items
	return err
}

// add adds what a workshop costs.
func (t *total) add(w api.Cost) {
	t.SoFar, t.Hourly, t.Unknown = t.SoFar+w.SoFar, t.Hourly+w.Hourly, t.Unknown+w.Unknown
	if w.AtEnd != nil {
		t.AtEnd += *w.AtEnd
	} else {
		t.AtEnd += w.SoFar
	}
}

// costRows are costs as a table.
func costRows(out costs) [][]string {
	rows := [][]string{{"WORKSHOP", "NAME", "SO FAR", "AN HOUR", "AT ITS END", "BUDGET", "NOTE"}}
	for _, w := range out.Workshops {
		note := w.Warning
		if w.Unknown > 0 {
			note = strings.TrimSpace(fmt.Sprintf("%s of unknown price not counted. %s", machines(w.Unknown), note))
		}
		rows = append(rows, []string{w.Workshop, w.Name, usd(&w.SoFar), usd(&w.Hourly), usd(w.AtEnd), limit(w.Budget), note})
	}
	t := out.Total
	return append(rows, []string{"all of these", "", usd(&t.SoFar), usd(&t.Hourly), usd(&t.AtEnd), "", ""})
}

// showMonths prints what all machines cost in each month, as a table of its own.
func (g *Globals) showMonths(out costs) error {
	rows := [][]string{{"MONTH", "ALL MACHINES", "AT ITS END", "BUDGET", "NOTE"}}
	for i, m := range out.Months {
		row := []string{m.Month, usd(&m.Spent), usd(&m.AtEnd), "", ""}
		if i == 0 {
			row[3], row[4] = limit(out.Budget.Monthly), out.Budget.Warning
		}
		rows = append(rows, row)
	}
	fmt.Fprintln(g.Out)
	return table(g.Out, g.Width, rows)
}

// usd is an amount; nil is one that is not known.
func usd(amount *float64) string {
	if amount == nil {
		return "-"
	}
	return fmt.Sprintf("$%.2f", *amount)
}

// limit is what may be spent; 0 is no limit.
func limit(amount float64) string {
	if amount == 0 {
		return "-"
	}
	return usd(&amount)
}
