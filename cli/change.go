package cli

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// ChangeCommand changes a workshop that is open. What is not said stays.
type ChangeCommand struct {
	AtStack
	Workshop  string   `arg:"" help:"Its id, wks_…, or its name."`
	Seats     *int     `help:"How many people may hold a machine at once."`
	Spares    *int     `help:"How many more machines are kept ready."`
	Ends      string   `placeholder:"TIME" help:"When it ends, on this computer's clock: 2026-03-01T14:30."`
	Minutes   *int     `help:"How long each person may keep a machine; 0: until the workshop ends."`
	Idle      *int     `help:"How many minutes somebody may do nothing; 0: as many as they like."`
	Budget    *float64 `placeholder:"USD" help:"What its machines may cost; 0: no limit of its own."`
	Previews  *bool    `negatable:"" help:"Let instructors see small pictures of the desktops, or not any more."`
	Invite    []string `placeholder:"ADDRESS" help:"Who may join, too. Where nobody was invited, only those who are may join from then on."`
	Roster    string   `placeholder:"FILE" type:"path" help:"A file that says who may join, too: CSV with a column of addresses, or one address a line; - is what is typed, or piped."`
	Uninvite  []string `placeholder:"ADDRESS" help:"Who may join no more. Who holds a seat keeps it."`
	Everybody bool     `help:"Let all join who have the link."`
}

// Run changes it, and says how it is now.
func (c ChangeCommand) Run(ctx context.Context, g *Globals) error {
	change, err := c.change(g)
	if err != nil {
		return err
	}
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	id, err := named(ctx, client, c.Workshop)
	if err != nil {
		return err
	}
	var w api.Workshop
	if err := client.Do(ctx, http.MethodPatch, "/api/v1/workshops/"+url.PathEscape(id), change, &w); err != nil {
		return err
	}
	return g.show(w, workshopRows(w))
}

// change is what is asked for.
func (c ChangeCommand) change(g *Globals) (api.WorkshopChange, error) {
	change := api.WorkshopChange{
		Seats: c.Seats, Spares: c.Spares, SessionMinutes: c.Minutes, IdleMinutes: c.Idle, BudgetUSD: c.Budget, Previews: c.Previews, Uninvite: c.Uninvite,
	}
	if c.Everybody {
		change.Roster = &[]string{}
	}
	var err error
	if change.Invite, err = g.invited(c.Invite, c.Roster); err != nil {
		return change, err
	}
	change.EndsAt, err = moment(c.Ends)
	return change, err
}

// moment is a time on this computer's clock; nil for "".
func moment(text string) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	t, err := time.ParseInLocation("2006-01-02T15:04", strings.Replace(text, " ", "T", 1), time.Local)
	if err != nil {
		return nil, api.Problemf(api.Invalid, "That is no time", "%q: write it as 2026-03-01T14:30, on this computer's clock.", text)
	}
	return &t, nil
}
