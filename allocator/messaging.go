package allocator

import (
	"context"
	"fmt"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// MessageWorkshop tells all who are in a workshop something, on their pages; "" takes it
// away. It says how many were told: who joins later is not. NotFound; Conflict for one
// that has ended.
func (s *Service) MessageWorkshop(ctx context.Context, by, id, text string) (int, error) {
	w, err := s.Store.Workshop(ctx, id)
	if err != nil {
		return 0, err
	}
	if w.State == Ended {
		return 0, api.Problemf(api.Conflict, "The workshop has ended", "Nobody is in it any more.")
	}
	text = strings.TrimSpace(text)
	told, err := s.Store.KeepMessages(ctx, id, text, s.Now())
	if err != nil {
		return 0, err
	}
	ctx, cancel := committed(ctx)
	defer cancel()
	s.record(ctx, by, "message workshop", id, fmt.Sprintf("%s: %s", Counted(told, "participant"), text))
	return told, nil
}
