package cli

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/talmolab/lablink-infrastructure/api"
)

// WorkshopsCommand lists workshops.
type WorkshopsCommand struct {
	AtStack
	All bool `help:"Also those that have ended."`
}

// Run lists all pages.
func (c WorkshopsCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	all, err := allWorkshops(ctx, client)
	if err != nil {
		return err
	}
	if !c.All {
		all = slices.DeleteFunc(all, func(w api.Workshop) bool { return w.State != "open" })
	}
	return g.show(all, workshopRows(all...))
}

// workshopRows are workshops as a table.
func workshopRows(all ...api.Workshop) [][]string {
	rows := [][]string{{"ID", "NAME", "POOL", "SEATS", "SPARES", "ENDS", "STATE", "LINK"}}
	for _, w := range all {
		rows = append(rows, []string{w.ID, w.Name, w.Pool, strconv.Itoa(w.Seats), strconv.Itoa(w.Spares), day(w.EndsAt), w.State, w.JoinURL})
	}
	return rows
}

// allWorkshops asks for all pages, newest first.
func allWorkshops(ctx context.Context, client *api.Client) ([]api.Workshop, error) {
	return paged[api.Workshop](ctx, client, "/api/v1/workshops", url.Values{}, math.MaxInt)
}

// EndCommand ends a workshop.
type EndCommand struct {
	AtStack
	Waiting
	Workshop string `arg:"" help:"Its id, wks_…, or its name."`
}

// Run ends it.
func (c EndCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	id, err := named(ctx, client, c.Workshop)
	if err != nil {
		return err
	}
	return g.operation(ctx, client, c.Waiting, http.MethodDelete, "/api/v1/workshops/"+url.PathEscape(id))
}

// MachinesCommand lists machines.
type MachinesCommand struct {
	AtStack
	Workshop string `help:"Only those of this workshop: its id, wks_…, or its name."`
	Ended    bool   `help:"Also those that have ended."`
}

// Run lists them.
func (c MachinesCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	if c.Workshop, err = oneOrAll(ctx, client, c.Workshop); err != nil {
		return err
	}
	q := url.Values{"workshop": {c.Workshop}, "ended": {strconv.FormatBool(c.Ended)}}
	var page api.Page[api.Machine]
	if err := client.Do(ctx, http.MethodGet, "/api/v1/machines?"+q.Encode(), nil, &page); err != nil {
		return err
	}
	rows := [][]string{{"ID", "STATE", "PARTICIPANT", "SEAT", "INSTANCE", "ZONE", "SO FAR", "AN HOUR", "REASON"}}
	for _, m := range page.Items {
		soFar, hourly := costOf(m)
		rows = append(rows, []string{m.ID, m.State, m.Participant, m.Seat, instance(m), m.Zone, soFar, hourly, noted(m)})
	}
	return g.show(page.Items, rows)
}

// costOf is what a machine has cost, and costs an hour; "" where nobody knows.
func costOf(m api.Machine) (soFar, hourly string) {
	if m.Cost == nil {
		return "", ""
	}
	return usd(&m.Cost.SoFar), usd(&m.Cost.Hourly)
}

// noted is why a machine is as it is, and that it costs more than it may where it does.
func noted(m api.Machine) string {
	switch {
	case m.Cost == nil || m.Cost.Warning == "":
		return m.Reason
	case m.Reason == "":
		return m.Cost.Warning
	}
	return m.Reason + ". " + m.Cost.Warning
}

// instance is what runs a machine.
func instance(m api.Machine) string {
	if m.Own {
		return "own machine"
	}
	return m.Instance
}

// TerminateCommand ends a machine.
type TerminateCommand struct {
	AtStack
	Waiting
	Machine string `arg:"" help:"Its id, mch_…, or the address of who is on it."`
}

// Run ends it.
func (c TerminateCommand) Run(ctx context.Context, g *Globals) error {
	return g.operateMachine(ctx, c.Waiting, c.Machine, "terminate")
}
