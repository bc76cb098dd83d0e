package allocator

import (
	"context"
	"slices"

	"github.com/talmolab/lablink-infrastructure/api"
)

// changeRoster is the roster of a workshop after a change, or nil where it stays. Who
// comes last off a roster leaves the workshop to all who have the link, which has to be
// said by an empty roster.
func (s *Service) changeRoster(ctx context.Context, w Workshop, c api.WorkshopChange) ([]string, error) {
	if c.Roster == nil && len(c.Invite) == 0 && len(c.Uninvite) == 0 {
		return nil, nil
	}
	all, err := s.rosterBefore(ctx, w, c)
	if err != nil {
		return nil, err
	}
	out, err := rosterOf(c.Uninvite)
	if err != nil {
		return nil, err
	}
	left := slices.DeleteFunc(slices.Clone(all), func(email string) bool { return slices.Contains(out, email) })
	if len(all) > 0 && len(left) == 0 {
		return nil, api.Problemf(api.Invalid, "Nobody would be invited any more", "All who have the link could join then. Invite somebody else at the same time, or open the workshop to everybody if that is meant.")
	}
	return append([]string{}, left...), nil
}

// rosterBefore is the roster with those who are invited, before anybody comes off it.
func (s *Service) rosterBefore(ctx context.Context, w Workshop, c api.WorkshopChange) ([]string, error) {
	if c.Roster != nil {
		return rosterOf(append(slices.Clone(*c.Roster), c.Invite...))
	}
	all, err := s.Store.Roster(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	return rosterOf(append(all, c.Invite...))
}
