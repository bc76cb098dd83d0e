package allocator

import (
	"context"
	"slices"

	"github.com/talmolab/lablink-infrastructure/api"
)

// TellWatched tells the audit that somebody of the staff begins to watch a desktop.
func (s *Service) TellWatched(ctx context.Context, by string, seat Seat) {
	ctx, cancel := committed(ctx)
	defer cancel()
	s.record(ctx, by, "watch seat", seat.ID, seat.Email+" on "+seat.MachineID)
}

// TellControlled tells the audit that somebody of the staff begins to work on a desktop.
func (s *Service) TellControlled(ctx context.Context, by string, seat Seat) {
	ctx, cancel := committed(ctx)
	defer cancel()
	s.record(ctx, by, "control seat", seat.ID, seat.Email+" on "+seat.MachineID)
}

// PreviewsSeen keeps that a page told the participant of a seat, as it was read for the
// page, that staff sees small pictures of the desktop.
func (s *Service) PreviewsSeen(ctx context.Context, seat Seat) error {
	if !seat.Previews || seat.PreviewsTold {
		return nil
	}
	ctx, cancel := committed(ctx)
	defer cancel()
	return s.Store.KeepPreviewsTold(ctx, seat.ID)
}

// Previewed is the seat of whose desktop staff may see small pictures. NotFound where its
// workshop does not say so, or its participant was not told yet, and as Watched.
func (s *Service) Previewed(ctx context.Context, id string) (Seat, error) {
	seat, err := s.Watched(ctx, id)
	if err != nil {
		return seat, err
	}
	switch {
	case !seat.Previews:
		return seat, api.Problemf(api.NotFound, "This workshop shows no small pictures", "Turn them on for the workshop first; its participants are told.")
	case !seat.PreviewsTold:
		return seat, api.Problemf(api.NotFound, "There is no small picture yet", "The participant reads that you see it on the page of their seat, and has not had that page open since small pictures were turned on.")
	}
	return seat, nil
}

// watchable are the kinds of desktops whose stream comes by the agent, which keeps who
// watches from doing anything else.
var watchable = []string{"vnc", "container"}

// Watchable reports whether staff can watch a kind of desktop.
func Watchable(desktop string) bool { return slices.Contains(watchable, desktop) }

// Watched is the seat whose desktop is being watched. Conflict for one that has no machine,
// and for one whose desktop is known to be of a kind that nobody can watch.
func (s *Service) Watched(ctx context.Context, id string) (Seat, error) {
	seat, err := s.Store.Seat(ctx, id)
	if err != nil {
		return seat, err
	}
	if seat.State != SeatAssigned {
		return seat, api.Problemf(api.Conflict, "That seat has no machine", "Its participant waits, or has left. Choose another one on the workshop's page.")
	}
	m, err := s.Store.Machine(ctx, seat.MachineID)
	if err == nil && m.Says.Desktop != "" && !Watchable(m.Says.Desktop) {
		err = api.Problemf(api.Conflict, "That desktop cannot be watched", "It does not come by LabLink. Ask its participant to show it to you.")
	}
	return seat, err
}
