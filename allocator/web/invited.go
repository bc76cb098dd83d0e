package web

import (
	"context"
	"slices"
)

// guests are who is invited to a workshop: those who never joined it, and those who did.
type guests struct{ Missing, Joined []string }

// guests are those of a workshop that is closed to others, by their addresses.
func (s *server) guests(ctx context.Context, workshop string, closed bool) (g guests, err error) {
	if !closed {
		return g, nil
	}
	invited, err := s.Service.Store.Roster(ctx, workshop)
	if err != nil {
		return g, err
	}
	seats, err := s.Service.Store.SeatHistory(ctx, workshop)
	if err != nil {
		return g, err
	}
	joined := map[string]bool{}
	for _, seat := range seats {
		joined[seat.Email] = true
	}
	has := func(email string) bool { return joined[email] }
	g.Missing = slices.DeleteFunc(slices.Clone(invited), has)
	g.Joined = slices.DeleteFunc(invited, func(email string) bool { return !has(email) })
	return g, nil
}
