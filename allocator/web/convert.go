package web

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// base is the address under which the request reached the allocator.
func (s *server) base(r *http.Request) string {
	scheme := "http://"
	if s.Secure {
		scheme = "https://"
	}
	return scheme + r.Host
}

func (s *server) workshop(r *http.Request, w allocator.Workshop) api.Workshop {
	return api.Workshop{
		ID: w.ID, Name: w.Name, Pool: w.Pool, Seats: w.Seats, Warm: w.Warm, Spares: w.Spares, JoinCode: w.JoinCode, State: string(w.State),
		JoinURL: s.base(r) + "/join/" + w.JoinCode, StartsAt: w.StartsAt, EndsAt: orNil(w.EndsAt),
		WarmUpMinutes: int(w.WarmUp.Minutes()), SessionMinutes: int(w.SessionLimit.Minutes()), IdleMinutes: int(w.IdleLimit.Minutes()), Invited: w.Invited, Previews: w.Previews, BudgetUSD: w.BudgetUSD, Schedule: w.ScheduleID,
		Trouble: w.Trouble, RetryAt: orNil(w.LaunchAfter), CreatedAt: w.CreatedAt, EndedAt: orNil(w.EndedAt),
	}
}

func (s *server) machine(m allocator.Machine) api.Machine {
	out := api.Machine{
		ID: m.ID, Workshop: m.WorkshopID, Pool: m.Pool, State: string(m.State), Reason: m.Reason, Instance: m.InstanceID,
		InstanceType: m.Type, Zone: m.Zone, Connected: m.Connected, Participant: m.Email, Seat: m.SeatID, GPUs: m.Inventory.GPUs, Own: m.Own(), JoinToken: m.JoinToken, CreatedAt: m.CreatedAt,
	}
	if out.GPUs == nil {
		out.GPUs = []api.GPU{}
	}
	out.LastReport, out.Health, out.HealthReason, out.Action = orNil(m.HeardAt), m.Health, m.HealthReason, m.Action
	if m.Setup.State != "" {
		out.Setup = &m.Setup
	}
	out.Desktop = m.Says.Desktop
	out.AgentVersion, out.AgentRelease, out.AgentFailed = m.Says.Version, m.Says.Release, m.Says.Failed
	return out
}

func toOperation(o allocator.Operation) api.Operation {
	return api.Operation{
		ID: o.ID, Kind: string(o.Kind), Workshop: o.WorkshopID, State: string(o.State), Total: o.Total, Done: o.Done,
		Failed: o.Failed, Message: o.Message, By: o.By, CreatedAt: o.CreatedAt, FinishedAt: orNil(o.FinishedAt),
	}
}

// ownSeat is a seat as its participant sees it, who does not know staff by their names.
func (s *server) ownSeat(ctx context.Context, of allocator.Seat, pin string) api.Seat {
	of.Note = of.Told()
	return s.seat(ctx, of, pin)
}

// seat is a seat as staff sees it. When a machine is expected is told where
// it can be.
func (s *server) seat(ctx context.Context, of allocator.Seat, pin string) api.Seat {
	out := api.Seat{
		ID: of.ID, Workshop: of.Workshop, Email: of.Email, State: string(of.State), Machine: of.MachineID, ClaimedAt: of.ClaimedAt,
		Position: of.Position, EndsAt: endOf(of), IdleEndsAt: orNil(of.IdleEndsAt), WorkshopEndsAt: orNil(of.WorkshopEndsAt), Note: of.Note, Lost: string(of.LostBy()), PIN: pin, Message: of.Message, Previews: of.Previews,
	}
	if of.Message != "" {
		out.MessageAt = orNil(of.MessageAt)
	}
	if of.State != allocator.SeatQueued {
		out.BudgetEndsAt = orNil(s.Service.CapEnds(of))
		return out
	}
	out.Waits = of.Waits()
	waiting, err := s.Service.Waiting(ctx, of)
	if err != nil {
		s.Log.WarnContext(ctx, "nobody can tell when a machine is expected", "seat", of.ID, "error", err)
	}
	out.Waits = cmp.Or(out.Waits, waiting.Why)
	out.ExpectedAt, out.BeginsAt, out.Coming = orNil(waiting.ExpectedAt), orNil(waiting.BeginsAt), waiting.Coming
	out.Full = waiting.Full
	return out
}

// endOf is when a seat of limited time ends; its workshop may end before.
func endOf(seat allocator.Seat) *time.Time {
	if seat.EndsAt.IsZero() {
		return nil
	}
	return orNil(allocator.Earlier(seat.EndsAt, seat.WorkshopEndsAt))
}

// poolOf is a pool without how many machines it has.
func (s *server) poolOf(p allocator.Pool) api.Pool {
	return api.Pool{Name: p.Name, InstanceTypes: p.InstanceTypes, MaxMachines: p.MaxMachines, MaxHourlyUSD: p.MaxHourlyUSD, TooDear: s.Service.AllTooDear(p)}
}

// poolList counts the machines of each pool.
func (s *server) poolList(ctx context.Context) ([]api.Pool, error) {
	machines, err := s.Service.Store.Machines(ctx, "", false)
	if err != nil {
		return nil, err
	}
	count := map[string]int{}
	for _, m := range machines {
		count[m.Pool]++
	}
	told, err := s.Service.RefusedLately(ctx)
	if err != nil {
		return nil, err
	}
	out := []api.Pool{}
	for _, p := range s.Service.Pools {
		pool := s.poolOf(p)
		pool.Machines = count[p.Name]
		pool.Market, _ = deployedAs(s.Deployed, p.Name)
		pool.Refused = toRefused(told, p.Name)
		out = append(out, pool)
	}
	return out, nil
}

func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
