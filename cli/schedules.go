package cli

import (
	"cmp"
	"context"
	"net/http"
	"net/url"

	"github.com/talmolab/lablink-infrastructure/api"
)

// SchedulesCommand works with workshops that are held again and again.
type SchedulesCommand struct {
	AtStack
	List ListSchedulesCommand `cmd:"" default:"withargs" help:"List the schedules that go on."`
	Add  AddScheduleCommand   `cmd:"" help:"Hold a workshop again and again."`
	End  EndScheduleCommand   `cmd:"" help:"End a schedule, and its workshops that have not begun."`
}

// ListSchedulesCommand lists schedules.
type ListSchedulesCommand struct{}

// Run lists them.
func (ListSchedulesCommand) Run(ctx context.Context, g *Globals) error {
	var page api.Page[api.Schedule]
	if err := g.ask(ctx, http.MethodGet, "/api/v1/schedules", nil, &page); err != nil {
		return err
	}
	return g.show(page.Items, scheduleRows(page.Items...))
}

// scheduleRows are schedules as a table.
func scheduleRows(all ...api.Schedule) [][]string {
	rows := [][]string{{"ID", "WORKSHOP", "NEXT", "RULE", "ZONE", "NOTE"}}
	for _, s := range all {
		rows = append(rows, []string{s.ID, s.Workshop.Name, day(s.Next), s.Rule, s.Zone, cmp.Or(s.Trouble, s.MissedBecause)})
	}
	return rows
}

// AddScheduleCommand adds a schedule.
type AddScheduleCommand struct {
	Name     string   `arg:"" help:"What people call each workshop."`
	Rule     string   `required:"" help:"When, as RFC 5545 says it: FREQ=WEEKLY;BYDAY=TU,TH"`
	First    string   `required:"" placeholder:"TIME" help:"When the first begins, on the clock of the zone: 2026-03-03T09:00."`
	Zone     string   `required:"" help:"The time zone, for example Europe/Berlin."`
	Minutes  int      `required:"" help:"How long each goes on."`
	Pool     string   `help:"The kind of machine, as lablink pools shows it. Left out: the only one."`
	Machines int      `required:"" help:"How many: one for each who may come at once."`
	Spares   int      `help:"How many more are kept ready, for those that fail."`
	Budget   float64  `placeholder:"USD" help:"What the machines of each may cost; 0: no limit of its own."`
	Invite   []string `placeholder:"ADDRESS" help:"Who may join. Left out: all who have the link."`
}

// Run adds it.
func (c AddScheduleCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	if c.Pool, err = onlyPool(ctx, client, c.Pool); err != nil {
		return err
	}
	in := api.NewSchedule{
		Rule: c.Rule, First: c.First, Zone: c.Zone, Minutes: c.Minutes,
		Workshop: api.NewWorkshop{Name: c.Name, Pool: c.Pool, Seats: c.Machines, Spares: c.Spares, BudgetUSD: c.Budget, Roster: c.Invite},
	}
	var made api.Schedule
	if err := client.Do(ctx, http.MethodPost, "/api/v1/schedules", in, &made); err != nil {
		return err
	}
	return g.show(made, scheduleRows(made))
}

// EndScheduleCommand ends a schedule.
type EndScheduleCommand struct {
	Schedule string `arg:"" help:"Its id, sch_…, as lablink schedules shows it."`
}

// Run ends it.
func (c EndScheduleCommand) Run(ctx context.Context, g *Globals) error {
	return g.ask(ctx, http.MethodDelete, "/api/v1/schedules/"+url.PathEscape(c.Schedule), nil, nil)
}

// RosterCommand lists who is invited.
type RosterCommand struct {
	AtStack
	Workshop string `arg:"" help:"Its id, wks_…, or its name."`
}

// Run lists them. Nobody is listed where all may join who have the link.
func (c RosterCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	id, err := named(ctx, client, c.Workshop)
	if err != nil {
		return err
	}
	var page api.Page[string]
	if err := client.Do(ctx, http.MethodGet, "/api/v1/workshops/"+url.PathEscape(id)+"/roster", nil, &page); err != nil {
		return err
	}
	rows := [][]string{{"ADDRESS"}}
	for _, address := range page.Items {
		rows = append(rows, []string{address})
	}
	return g.show(page.Items, rows)
}
