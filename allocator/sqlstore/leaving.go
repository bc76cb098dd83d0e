package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Seats lists the live seats of a workshop.
func (s *Store) Seats(ctx context.Context, workshop string) ([]allocator.Seat, error) {
	all, err := s.seats(ctx, " WHERE s.workshop_id = $1 AND s.state <> 'released' ORDER BY s.claimed_at, s.id", workshop)
	waiting := 0
	for i := range all {
		if all[i].State == allocator.SeatQueued {
			waiting++
			all[i].Position = waiting
		}
	}
	return all, err
}

// SeatsDue lists the seats whose time is over, and those whose participants are idle.
func (s *Store) SeatsDue(ctx context.Context, now time.Time) ([]allocator.Seat, error) {
	over, err := s.seats(ctx, " WHERE s.state = 'assigned' AND s.ends_at > 0 AND s.ends_at <= $1 ORDER BY s.ends_at", stamp(now))
	if err != nil {
		return nil, err
	}
	idle, err := s.seats(ctx, " WHERE s.state = 'assigned' AND (s.ends_at = 0 OR s.ends_at > $1) AND "+idling+" ORDER BY s.id", stamp(now))
	return append(over, idle...), err
}

// idling holds at $1 for a seat s, a workshop w and a machine h whose participant was
// idle for too long when the agent spoke last. An agent that is silent says nothing:
// its participant may work. Nobody is idle for longer than they have the machine,
// whatever was said of who had it before.
const idling = `w.idle_limit > 0 AND h.active_at > 0 AND h.heard_at > $1 - 300000000 AND h.heard_at - h.active_at >= w.idle_limit * 1000000
	AND h.heard_at - s.assigned_at >= w.idle_limit * 1000000`

func (s *Store) seats(ctx context.Context, which string, of any) ([]allocator.Seat, error) {
	out, err := list(ctx, s.read, scanSeat, seatFields+"0"+seatFrom+which, of)
	if err != nil {
		return nil, fmt.Errorf("list seats: %w", err)
	}
	return out, nil
}

// LiveSeats counts the live seats of each workshop.
func (s *Store) LiveSeats(ctx context.Context) (map[string]int, error) {
	type count struct {
		workshop string
		seats    int
	}
	counts, err := list(ctx, s.read, func(row scanner) (c count, err error) {
		return c, row.Scan(&c.workshop, &c.seats)
	}, "SELECT workshop_id, count(*) FROM seats WHERE state <> 'released' GROUP BY workshop_id")
	if err != nil {
		return nil, fmt.Errorf("count seats: %w", err)
	}
	out := map[string]int{}
	for _, c := range counts {
		out[c.workshop] = c.seats
	}
	return out, nil
}

// ExtendSeat lets a seat end later, by compare-and-set.
func (s *Store) ExtendSeat(ctx context.Context, id string, from, to time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		var ends int64
		var others bool
		err := tx.row(ctx, `SELECT ends_at, EXISTS (SELECT 1 FROM seats q WHERE q.workshop_id = s.workshop_id AND q.state = 'queued')
			FROM seats s WHERE id = $1 AND state = 'assigned'`, id).Scan(&ends, &others)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return notHeld()
		case err != nil:
			return fmt.Errorf("find seat %s: %w", id, err)
		case ends != stamp(from):
			return api.Problemf(api.Conflict, "The seat was extended already", "Reload the page to see until when.")
		case others:
			return othersWait()
		}
		if _, err := tx.exec(ctx, "UPDATE seats SET ends_at = $1 WHERE id = $2", stamp(to), id); err != nil {
			return fmt.Errorf("extend seat %s: %w", id, err)
		}
		return nil
	})
}

// StaySeated keeps that the participant of a seat is there.
func (s *Store) StaySeated(ctx context.Context, id string, at time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		var machine string
		var others bool
		err := tx.row(ctx, `SELECT machine_id, EXISTS (SELECT 1 FROM seats q WHERE q.workshop_id = s.workshop_id AND q.state = 'queued')
			FROM seats s WHERE id = $1 AND state = 'assigned'`, id).Scan(&machine, &others)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return notHeld()
		case err != nil:
			return fmt.Errorf("find seat %s: %w", id, err)
		case others:
			return othersWait()
		}
		if _, err := tx.exec(ctx, "UPDATE machines SET active_at = $1 WHERE id = $2 AND active_at > 0", stamp(at), machine); err != nil {
			return fmt.Errorf("keep that the participant of seat %s is there: %w", id, err)
		}
		return nil
	})
}

func othersWait() error {
	return api.Problemf(api.Capacity, "Others are waiting", "Somebody waits for a machine, so yours cannot be kept longer. Save your work before your time is over.")
}

func notHeld() error {
	return api.Problemf(api.NotFound, "The seat is not held any more", "It was released before.")
}

// ReleaseSeat ends a live seat. Its machine is ready again, if it is well.
func (s *Store) ReleaseSeat(ctx context.Context, id, reason string, at time.Time) error {
	return s.release(ctx, "", id, reason, at)
}

// EndSeat ends a seat whose time is over.
func (s *Store) EndSeat(ctx context.Context, id, reason string, at time.Time) error {
	return s.release(ctx, ` AND state = 'assigned' AND (ends_at > 0 AND ends_at <= $1
		OR EXISTS (SELECT 1 FROM seats s JOIN workshops w ON w.id = s.workshop_id JOIN machines h ON h.id = s.machine_id WHERE s.id = seats.id AND `+idling+`))`, id, reason, at)
}

func (s *Store) release(ctx context.Context, which, id, reason string, at time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		var machine sql.NullString
		var since int64
		err := tx.row(ctx, `UPDATE seats SET state = 'released', released_at = $1, released_because = $2
			WHERE id = $3 AND `+maySeat(allocator.SeatReleased)+which+` RETURNING machine_id, assigned_at`, stamp(at), reason, id).Scan(&machine, &since)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return notHeld()
		case err != nil:
			return fmt.Errorf("release seat %s: %w", id, err)
		case !machine.Valid: // it was waiting
			return nil
		}
		m, err := oneMachine(ctx, tx, machine.String)
		if err != nil {
			return err
		}
		return vacate(ctx, tx, m, hold{id, fromStamp(since)}, reason, at)
	})
}

// BootTimes are how long the newest machines of a pool took until they were ready.
func (s *Store) BootTimes(ctx context.Context, pool string, limit int) ([]time.Duration, error) {
	out, err := list(ctx, s.read, func(row scanner) (time.Duration, error) {
		var n int64
		err := row.Scan(&n)
		return time.Duration(n) * time.Microsecond, err
	}, "SELECT ready_at - created_at FROM machines WHERE pool = $1 AND ready_at > 0 ORDER BY ready_at DESC LIMIT $2", pool, limit)
	if err != nil {
		return nil, fmt.Errorf("read how long machines of %s take: %w", pool, err)
	}
	return out, nil
}
