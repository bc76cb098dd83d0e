package sqlstore

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// claim is somebody's claim, and what became of it.
type claim struct {
	allocator.ClaimRequest
	own     string // the seat that they have already
	seat    allocator.Seat
	refused error // a wrong PIN is counted, so the change that counts it succeeds

	machine        string // that they get at once, or ""
	assigned, ends time.Time
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

// together is a claim as the database is given it. Bytes are written as hexadecimal
// digits.
type together struct {
	Workshop string `json:"workshop"`
	Email    string `json:"email"`
	Token    string `json:"token"`
	Seat     string `json:"seat"`
	PIN      string `json:"pin"`
	At       int64  `json:"at"`

	State    allocator.SeatState `json:"state"`
	Machine  *string             `json:"machine"`
	Assigned int64               `json:"assigned"`
	Ends     int64               `json:"ends"`
}

func encode(all []*claim) (string, error) {
	out := make([]together, len(all))
	for i, c := range all {
		out[i] = together{
			Workshop: c.WorkshopID, Email: c.Email, Token: hex.EncodeToString(c.Token[:]), Seat: c.NewSeat, PIN: hex.EncodeToString(c.NewPIN[:]), At: stamp(c.At),
			State: allocator.SeatQueued, Assigned: stamp(c.assigned), Ends: stamp(c.ends),
		}
		if c.machine != "" {
			out[i].State, out[i].Machine = allocator.SeatAssigned, &c.machine
		}
	}
	return numbered(out)
}

// entering works out what is looked for before it looks: so each is found by an index, also
// where the database has no statistics yet, as a new one.
const entering = `WITH c AS MATERIALIZED (SELECT CAST(key AS BIGINT) AS n, value ->> 'workshop' AS workshop, value ->> 'email' AS email, {value ->> 'token'} AS token FROM json_each($1))
	SELECT c.n, w.state = 'open',
		w.invited = $2 OR EXISTS (SELECT 1 FROM roster WHERE workshop_id = w.id AND email = c.email),
		coalesce((SELECT id FROM seats WHERE workshop_id = w.id AND email = c.email AND state <> 'released'), ''),
		coalesce((SELECT max((SELECT CASE WHEN s.workshop_id = w.id AND s.state <> 'released' THEN s.email END FROM seats s WHERE s.id = t.seat_id))
			FROM seat_tokens t WHERE t.token = c.token), '')
	FROM c JOIN workshops w ON w.id = c.workshop`

// enter finds the seats that participants have already. Without one it refuses who is
// not invited, and a second machine of a workshop to one browser, as after a mistyped
// address.
func enter(ctx context.Context, tx conn, all []*claim) error {
	asked, err := encode(all)
	if err != nil {
		return err
	}
	for _, c := range all {
		c.refused = api.Problemf(api.NotFound, "There is no such workshop", "Check the link or the code for a typing mistake.")
	}
	_, err = list(ctx, tx, func(row scanner) (n int, err error) {
		var open, invited bool
		var own, other string
		if err := row.Scan(&n, &open, &invited, &own, &other); err != nil {
			return 0, err
		}
		c := all[n]
		c.own, c.refused = own, nil
		switch {
		case own != "":
		case !open:
			c.refused = api.Problemf(api.Conflict, "This workshop has ended", "Ask your instructor whether there is another one.")
		case !invited:
			c.refused = api.Problemf(api.Forbidden, allocator.NotInvited, "This workshop is for invited people. Use the address that you were invited with, or ask your instructor to add %s.", c.Email)
		case other != "":
			c.refused = api.Problemf(api.Conflict, "This browser holds a seat already", "It is the seat of %s. Go on there, or leave it first to join with another address.", other)
		}
		return n, nil
	}, tx.dialect.words(entering), asked, false)
	return err
}

// joined are the rows that claims make.
var joined = []string{
	`INSERT INTO seats (id, workshop_id, email, state, machine_id, pin, claimed_at, assigned_at, ends_at)
		SELECT value ->> 'seat', value ->> 'workshop', value ->> 'email', value ->> 'state', value ->> 'machine', {value ->> 'pin'},
			CAST(value ->> 'at' AS BIGINT), CAST(value ->> 'assigned' AS BIGINT), CAST(value ->> 'ends' AS BIGINT) FROM json_each($1)`,
	`INSERT INTO seat_tokens (token, seat_id, used_at)
		SELECT {value ->> 'token'}, value ->> 'seat', CAST(value ->> 'at' AS BIGINT) FROM json_each($1)`,
}

// join puts participants at the end of the queue, gives out what is there, and tells
// the audit.
func join(ctx context.Context, tx conn, joining []*claim) error {
	rooms, of := map[string][]*claim{}, map[string]*claim{} // by workshop; by seat
	for _, c := range joining {
		rooms[c.WorkshopID], of[c.NewSeat] = append(rooms[c.WorkshopID], c), c
	}
	for workshop, come := range rooms {
		if err := give(ctx, tx, workshop, come[len(come)-1].At, come...); err != nil {
			return err
		}
	}
	asked, err := encode(joining)
	if err != nil {
		return err
	}
	add := make([]Statement, len(joined))
	for i, query := range joined {
		add[i] = Statement{tx.dialect.words(query), []any{asked}}
	}
	if err := tx.all(ctx, add...); err != nil {
		return fmt.Errorf("add seats: %w", err)
	}
	seats, err := list(ctx, tx, scanSeat, tx.dialect.words(seatQuery+" WHERE s.id IN (SELECT value ->> 'seat' FROM json_each($1))"), asked)
	if err != nil {
		return fmt.Errorf("read new seats: %w", err)
	}
	told := make([]allocator.Event, len(seats))
	for i, seat := range seats {
		c := of[seat.ID]
		c.seat, told[i] = seat, seat.Claimed(c.At)
	}
	return recordAll(ctx, tx, told)
}
