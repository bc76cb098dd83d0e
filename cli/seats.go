package cli

import (
	"context"
	"net/http"
	"net/url"

	"github.com/talmolab/lablink-infrastructure/api"
)

// SeatsCommand works with the seats of participants.
type SeatsCommand struct {
	AtStack
	List    ListSeatsCommand   `cmd:"" default:"withargs" help:"List who has a machine, and who waits for one."`
	Release ReleaseSeatCommand `cmd:"" help:"Take a seat away; its machine goes to who waits."`
}

// ListSeatsCommand lists seats.
type ListSeatsCommand struct {
	Workshop string `help:"Only those of this workshop: its id, wks_…, or its name. Left out: of all that are open."`
}

// Run lists them, workshop by workshop.
func (c ListSeatsCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	workshops, err := seated(ctx, client, c.Workshop)
	if err != nil {
		return err
	}
	all := []api.Seat{}
	rows := [][]string{{"SEAT", "PARTICIPANT", "STATE", "MACHINE", "SINCE", "NOTE"}}
	for _, id := range workshops {
		var page api.Page[api.Seat]
		if err := client.Do(ctx, http.MethodGet, "/api/v1/seats?workshop="+url.QueryEscape(id), nil, &page); err != nil {
			return err
		}
		for _, s := range page.Items {
			rows = append(rows, []string{s.ID, s.Email, s.State, s.Machine, day(&s.ClaimedAt), s.Note})
		}
		all = append(all, page.Items...)
	}
	return g.show(all, rows)
}

// seated are the ids of the workshops whose seats are asked for.
func seated(ctx context.Context, client *api.Client, workshop string) ([]string, error) {
	if workshop != "" {
		id, err := named(ctx, client, workshop)
		return []string{id}, err
	}
	all, err := allWorkshops(ctx, client)
	var open []string
	for _, w := range all {
		if w.State == "open" {
			open = append(open, w.ID)
		}
	}
	return open, err
}

// ReleaseSeatCommand takes a seat away.
type ReleaseSeatCommand struct {
	Seat string `arg:"" help:"Its id, sea_…, as lablink seats shows it."`
}

// Run takes it away.
func (c ReleaseSeatCommand) Run(ctx context.Context, g *Globals) error {
	return g.ask(ctx, http.MethodPost, "/api/v1/seats/"+url.PathEscape(c.Seat)+"/release", nil, nil)
}

// ExtendCommand lets a seat end later.
type ExtendCommand struct {
	AtStack
	Seat    string `arg:"" help:"Its id, sea_…, as lablink seats shows it."`
	Minutes int    `arg:"" help:"By how many minutes."`
}

// Run extends it, and says until when.
func (c ExtendCommand) Run(ctx context.Context, g *Globals) error {
	var seat api.Seat
	if err := g.ask(ctx, http.MethodPost, "/api/v1/seats/"+url.PathEscape(c.Seat)+"/extend", api.Extension{Minutes: c.Minutes}, &seat); err != nil {
		return err
	}
	return g.show(seat, [][]string{{"SEAT", "PARTICIPANT", "UNTIL"}, {seat.ID, seat.Email, day(seat.EndsAt)}})
}
