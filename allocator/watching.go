package allocator

import (
	"context"

	"github.com/talmolab/lablink-infrastructure/api"
)

// TellWatched tells the audit that somebody of the staff begins to watch a desktop.
func (s *Service) TellWatched(ctx context.Context, by string, seat Seat) {
	ctx, cancel := committed(ctx)
	defer cancel()
	s.record(ctx, by, "watch seat", seat.ID, seat.Email+" on "+seat.MachineID)
}

// Watched is the seat whose desktop is being watched. Conflict for one that has no machine.
func (s *Service) Watched(ctx context.Context, id string) (Seat, error) {
	seat, err := s.Store.Seat(ctx, id)
	if err == nil && seat.State != SeatAssigned {
		err = api.Problemf(api.Conflict, "That seat has no machine", "Its participant waits, or has left. Choose another one on the workshop's page.")
	}
	return seat, err
}
