package allocator

import (
	"context"
	"time"
)

// CancelOperation cancels a launch that has not got all its machines: those without an
// instance are given up, and its workshop asks for no others for a while. Those that are
// launched go on. NotFound; Conflict, with the reason, for what cannot be cancelled.
func (s *Service) CancelOperation(ctx context.Context, by, id string) (Operation, error) {
	op, err := s.Store.Operation(ctx, id)
	if err != nil {
		return op, err
	}
	end, why, until := s.ending(by, op.WorkshopID), "its launch was cancelled by "+by, s.Now().Add(cancelPause)
	if op, err = s.Store.CancelOperation(ctx, id, end, why, until); err != nil {
		return op, err
	}
	s.start(ctx, end, "cancel operation", id, why)
	return op, nil
}

// cancelPause is how long a workshop asks for no machines after a launch was cancelled:
// time to change its seats, or to end it.
const cancelPause = 15 * time.Minute
