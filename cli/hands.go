package cli

import (
	"context"
	"net/http"
	"net/url"

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

// TellCommand tells a participant something, on their page.
type TellCommand struct {
	AtStack
	Seat string `arg:"" help:"Its id, sea_…, as lablink seats shows it."`
	Text string `arg:"" help:"What; empty takes it away."`
}

// Run tells it.
func (c TellCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	return client.Do(ctx, http.MethodPost, "/api/v1/seats/"+url.PathEscape(c.Seat)+"/message", api.Message{Text: c.Text}, nil)
}
