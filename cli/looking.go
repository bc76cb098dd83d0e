package cli

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// PoolsCommand lists the kinds of machines.
type PoolsCommand struct{ AtStack }

// Run lists them.
func (PoolsCommand) Run(ctx context.Context, g *Globals) error {
	var page api.Page[api.Pool]
	if err := g.ask(ctx, http.MethodGet, "/api/v1/pools", nil, &page); err != nil {
		return err
	}
	rows, refused := [][]string{{"POOL", "MACHINES", "INSTANCE TYPES", "ONE MAY COST AN HOUR", "NOTE"}}, [][]string{{"REFUSED FOR", "AT", "TYPE", "WHERE", "ASKED AGAIN", "WHY"}}
	for _, p := range page.Items {
		rows = append(rows, []string{p.Name, fmt.Sprintf("%d of %d", p.Machines, p.MaxMachines), strings.Join(p.InstanceTypes, ", "), hourCap(p), p.TooDear})
		for _, r := range p.Refused {
			refused = append(refused, refusedRow(p.Name, r))
		}
	}
	if err := g.show(page.Items, rows); err != nil || g.JSON || len(refused) == 1 {
		return err
	}
	fmt.Fprintln(g.Out)
	return g.show(nil, refused)
}

// hourCap is what one machine of a pool may cost an hour.
func hourCap(p api.Pool) string {
	if p.MaxHourlyUSD == 0 {
		return "-"
	}
	return fmt.Sprintf("$%.3f", p.MaxHourlyUSD)
}

// refusedRow is what AWS refused for a pool, as a line of a table.
func refusedRow(pool string, r api.Refused) []string {
	kind := cmp.Or(r.Type, "all")
	if r.Spot {
		kind += ", spot"
	}
	return []string{pool, day(&r.At), kind, cmp.Or(r.Where, "everywhere"), cmp.Or(day(r.Until), "at the next launch"), r.Why}
}

// TimelineCommand prints what became of a machine.
type TimelineCommand struct {
	AtStack
	Machine string `arg:"" help:"Its id, mch_…, or the address of who is on it."`
}

// Run prints it, oldest first.
func (c TimelineCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	id, err := machineOf(ctx, client, c.Machine)
	if err != nil {
		return err
	}
	var page api.Page[api.Change]
	if err := client.Do(ctx, http.MethodGet, pathOf(id, "timeline"), nil, &page); err != nil {
		return err
	}
	rows := [][]string{{"AT", "STATE", "REASON"}}
	for _, one := range page.Items {
		rows = append(rows, []string{exactly(one.At), one.To, one.Reason})
	}
	return g.show(page.Items, rows)
}

// AuditCommand prints who did what.
type AuditCommand struct {
	AtStack
	Actor   string `help:"Only what this user did, by any token too, or this e-mail address."`
	Subject string `help:"Only what was done to this: an id."`
	Limit   int    `default:"50" help:"How many lines, the newest (${default})."`
}

// Run prints it, newest first.
func (c AuditCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	all, err := paged[api.Event](ctx, client, "/api/v1/events", url.Values{"actor": {c.Actor}, "subject": {c.Subject}}, c.Limit)
	if err != nil {
		return err
	}
	rows := [][]string{{"AT", "WHO", "DID", "TO", "DETAIL"}}
	for _, e := range all {
		rows = append(rows, []string{exactly(e.At), e.Actor, e.Action, e.Subject, e.Detail})
	}
	return g.show(all, rows)
}

// paged are the first lines of a list that comes in pages, as many as limit.
func paged[T any](ctx context.Context, client *api.Client, path string, q url.Values, limit int) ([]T, error) {
	all := []T{}
	for len(all) < limit {
		q.Set("limit", strconv.Itoa(min(limit-len(all), 200)))
		var page api.Page[T]
		if err := client.Do(ctx, http.MethodGet, path+"?"+q.Encode(), nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			break
		}
		q.Set("after", page.Next)
	}
	return all, nil
}
