package cli

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/talmolab/lablink-infrastructure/api"
)

// RebootCommand boots a machine again.
type RebootCommand struct {
	AtStack
	Waiting
	Machine string `arg:"" help:"Its id, mch_…, or the address of who is on it."`
}

// Run reboots it.
func (c RebootCommand) Run(ctx context.Context, g *Globals) error {
	return g.operateMachine(ctx, c.Waiting, c.Machine, "reboot")
}

// DrainCommand ends a machine after what was made on it is collected.
type DrainCommand struct {
	AtStack
	Waiting
	Machine string `arg:"" help:"Its id, mch_…, or the address of who is on it."`
}

// Run drains it.
func (c DrainCommand) Run(ctx context.Context, g *Globals) error {
	return g.operateMachine(ctx, c.Waiting, c.Machine, "drain")
}

// ReplaceCommand lets another machine take a machine's place.
type ReplaceCommand struct {
	AtStack
	Machine string `arg:"" help:"Its id, mch_…, or the address of who is on it."`
}

// Run replaces it, and says how it is now.
func (c ReplaceCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	id, err := machineOf(ctx, client, c.Machine)
	if err != nil {
		return err
	}
	var m api.Machine
	if err := client.Do(ctx, http.MethodPost, pathOf(id, "replace"), nil, &m); err != nil {
		return err
	}
	return g.show(m, [][]string{{"ID", "STATE", "REASON"}, {m.ID, m.State, m.Reason}})
}

// MoveCommand gives a participant another machine.
type MoveCommand struct {
	AtStack
	Seat string `arg:"" help:"Its id, sea_…, as lablink seats shows it."`
}

// Run moves the seat, and says where to.
func (c MoveCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	var seat api.Seat
	if err := client.Do(ctx, http.MethodPost, "/api/v1/seats/"+url.PathEscape(c.Seat)+"/move", nil, &seat); err != nil {
		return err
	}
	return g.show(seat, [][]string{{"SEAT", "PARTICIPANT", "MACHINE"}, {seat.ID, seat.Email, seat.Machine}})
}

// TellCommand tells a participant something, or all who are in a workshop, on their pages.
type TellCommand struct {
	AtStack
	All  bool   `help:"Tell all who are in a workshop, with a machine or in the queue."`
	Whom string `arg:"" help:"A seat's id, sea_…, as lablink seats shows it; with --all a workshop's, wks_…, or its name."`
	Text string `arg:"" help:"What; empty takes it away."`
}

// Run tells it; of a workshop it says how many were told.
func (c TellCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	in := api.Message{Text: c.Text}
	if !c.All {
		return client.Do(ctx, http.MethodPost, "/api/v1/seats/"+url.PathEscape(c.Whom)+"/message", in, nil)
	}
	id, err := named(ctx, client, c.Whom)
	if err != nil {
		return err
	}
	var told api.Told
	if err := client.Do(ctx, http.MethodPost, "/api/v1/workshops/"+url.PathEscape(id)+"/message", in, &told); err != nil {
		return err
	}
	return g.show(told, [][]string{{"TOLD"}, {strconv.Itoa(told.People)}})
}
