package cli

import (
	"context"
	"net/http"
	"net/url"

	"github.com/talmolab/lablink-infrastructure/api"
)

// RebootCommand boots a machine again.
type RebootCommand struct {
	Machine string `arg:"" help:"Its id, mch_…"`
}

// Run reboots it.
func (c RebootCommand) Run(ctx context.Context, g *Globals) error {
	return g.operate(ctx, "/api/v1/machines/"+url.PathEscape(c.Machine)+"/reboot")
}

// DrainCommand ends a machine after what was made on it is collected.
type DrainCommand struct {
	Machine string `arg:"" help:"Its id, mch_…"`
}

// Run drains it.
func (c DrainCommand) Run(ctx context.Context, g *Globals) error {
	return g.operate(ctx, "/api/v1/machines/"+url.PathEscape(c.Machine)+"/drain")
}

// ReplaceCommand lets another machine take a machine's place.
type ReplaceCommand struct {
	Machine string `arg:"" help:"Its id, mch_…"`
}

// Run replaces it, and says how it is now.
func (c ReplaceCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	var m api.Machine
	if err := client.Do(ctx, http.MethodPost, "/api/v1/machines/"+url.PathEscape(c.Machine)+"/replace", nil, &m); err != nil {
		return err
	}
	return g.show(m, [][]string{{"ID", "STATE", "REASON"}, {m.ID, m.State, m.Reason}})
}

// MoveCommand gives a participant another machine.
type MoveCommand struct {
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
