package allocator

import (
	"context"

	"github.com/talmolab/lablink-infrastructure/api"
)

// WatchSeat is the seat whose desktop somebody of the staff begins to watch, which the
// audit tells. Conflict for a seat that has no machine.
func (s *Service) WatchSeat(ctx context.Context, by, id string) (Seat, error) {
	seat, err := s.Watched(ctx, id)
	if err != nil {
		return seat, err
	}
	ctx, cancel := committed(ctx)
	defer cancel()
	s.record(ctx, by, "watch seat", id, seat.Email+" on "+seat.MachineID)
	return seat, nil
}

// Watched is the seat whose desktop is being watched.
func (s *Service) Watched(ctx context.Context, id string) (Seat, error) {
	seat, err := s.Store.Seat(ctx, id)
	if err == nil && seat.State != SeatAssigned {
		err = api.Problemf(api.Conflict, "That seat has no machine", "Its participant waits, or has left. Choose another one on the workshop's page.")
	}
	return seat, err
}
