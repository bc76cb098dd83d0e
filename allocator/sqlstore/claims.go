package sqlstore

import (
	"context"
	"fmt"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// claim is somebody's claim, and what became of it.
type claim struct {
	allocator.ClaimRequest
	own     string // the seat that they have already
	seat    allocator.Seat
	refused error // a wrong PIN is counted, so the change that counts it succeeds
}

// Claim gives a participant a seat, or the one they hold. It is what many do at once:
// those who wait together are asked for together, at each step.
func (s *Store) Claim(ctx context.Context, r allocator.ClaimRequest) (allocator.Seat, error) {
	c := &claim{ClaimRequest: r}
	err := s.await(ctx, change{claim: c, result: make(chan error, 1)})
	if err == nil {
		err = c.refused
	}
	return c.seat, err
}

// alike is how many of these changes, from the first, are claims of which none
// depends on what becomes of another: of different people, in different browsers.
func alike(changes []change) int {
	type person struct{ workshop, email string }
	people, browsers := map[person]bool{}, map[[32]byte]bool{}
	for n, c := range changes {
		if c.claim == nil {
			return n
		}
		p := person{c.claim.WorkshopID, c.claim.Email}
		if people[p] || browsers[c.claim.Token] {
			return n
		}
		people[p], browsers[c.claim.Token] = true, true
	}
	return len(changes)
}

// claimAll makes claims: each of another person and browser.
func claimAll(ctx context.Context, tx conn, changes []change) error {
	all := make([]*claim, len(changes))
	for i, c := range changes {
		all[i] = c.claim
		*c.claim = claim{ClaimRequest: c.claim.ClaimRequest} // it may have been tried with others
	}
	if err := enter(ctx, tx, all); err != nil {
		return fmt.Errorf("look who may join: %w", err)
	}
	var joining []*claim
	for _, c := range all {
		switch {
		case c.own != "":
			var err error
			if c.seat, err = oneSeat(ctx, tx, c.own); err != nil {
				return err
			}
			if c.refused, err = rejoin(ctx, tx, c.seat, c.ClaimRequest); err != nil {
				return err
			}
		case c.refused == nil:
			joining = append(joining, c)
		}
	}
	if len(joining) == 0 {
		return nil
	}
	return join(ctx, tx, joining)
}

// enter finds the seats that participants have already. Without one it refuses who is
// not invited, and a second machine of a workshop to one browser, as after a mistyped
// address.
func enter(ctx context.Context, tx conn, all []*claim) error {
	asked := make([]Statement, len(all))
	for i, c := range all {
		asked[i] = Statement{`SELECT w.state = 'open', w.invited = $1 OR EXISTS (SELECT 1 FROM roster WHERE workshop_id = w.id AND email = $2),
			coalesce((SELECT id FROM seats WHERE workshop_id = w.id AND email = $2 AND state <> 'released'), ''),
			coalesce((SELECT s.email FROM seats s JOIN seat_tokens t ON t.seat_id = s.id WHERE t.token = $3 AND s.workshop_id = w.id AND s.state <> 'released' LIMIT 1), '')
			FROM workshops w WHERE w.id = $4`, []any{false, c.Email, c.Token[:], c.WorkshopID}}
	}
	return tx.rows(ctx, asked, func(i int, row scanner) error {
		var open, invited bool
		var other string
		c := all[i]
		if err := row.Scan(&open, &invited, &c.own, &other); err != nil {
			return err
		}
		switch {
		case c.own != "":
		case !open:
			c.refused = api.Problemf(api.Conflict, "This workshop has ended", "Ask your instructor whether there is another one.")
		case !invited:
			c.refused = api.Problemf(api.Forbidden, allocator.NotInvited, "This workshop is for invited people. Use the address that you were invited with, or ask your instructor to add %s.", c.Email)
		case other != "":
			c.refused = api.Problemf(api.Conflict, "This browser holds a seat already", "It is the seat of %s. Go on there, or leave it first to join with another address.", other)
		}
		return nil
	})
}

// join puts participants at the end of the queue, gives out what is there, and tells
// the audit.
func join(ctx context.Context, tx conn, joining []*claim) error {
	var added, asked, told []Statement
	last := map[string]allocator.ClaimRequest{} // by workshop
	for _, c := range joining {
		added = append(added, Statement{
			"INSERT INTO seats (id, workshop_id, email, state, pin, claimed_at) VALUES ($1, $2, $3, 'queued', $4, $5)",
			[]any{c.NewSeat, c.WorkshopID, c.Email, c.NewPIN[:], stamp(c.At)},
		}, knowing(c.NewSeat, c.ClaimRequest))
		asked = append(asked, Statement{seatQuery + " WHERE s.id = $1", []any{c.NewSeat}})
		last[c.WorkshopID] = c.ClaimRequest
	}
	if err := tx.all(ctx, added...); err != nil {
		return fmt.Errorf("add seats: %w", err)
	}
	for workshop, r := range last {
		if err := give(ctx, tx, workshop, r.At); err != nil {
			return err
		}
	}
	err := tx.rows(ctx, asked, func(i int, row scanner) (err error) {
		joining[i].seat, err = scanSeat(row)
		return err
	})
	if err != nil {
		return fmt.Errorf("read new seats: %w", err)
	}
	for _, c := range joining {
		told = append(told, recording(c.seat.Claimed(c.At)))
	}
	return tx.all(ctx, told...)
}
