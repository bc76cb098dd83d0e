package web

import "context"

// guests are who is invited to a workshop: those who never joined it, and those who did.
type guests struct{ Missing, Joined []string }

// guests are those of a workshop that is closed to others, by their addresses.
func (s *server) guests(ctx context.Context, workshop string) (g guests, err error) {
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
	for _, email := range invited {
		if joined[email] {
			g.Joined = append(g.Joined, email)
		} else {
			g.Missing = append(g.Missing, email)
		}
	}
	return g, nil
}
