package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

const workshopColumns = `id, name, pool, seats, warm, spares, join_code, state, starts_at, ends_at, warm_up, session_limit, invited,
	trouble, launch_after, launch_failures, coalesce(schedule_id, ''), created_at, ended_at, idle_limit, collect, version, budget_cents, capped_at, withheld, previews`

func scanWorkshop(row scanner) (allocator.Workshop, error) {
	var w allocator.Workshop
	var collect string
	var starts, ends, warmUp, limit, after, created, ended, idle, cents, capped int64
	err := row.Scan(&w.ID, &w.Name, &w.Pool, &w.Seats, &w.Warm, &w.Spares, &w.JoinCode, &w.State, &starts, &ends, &warmUp, &limit, &w.Invited,
		&w.Trouble, &after, &w.LaunchFailures, &w.ScheduleID, &created, &ended, &idle, &collect, &w.Version, &cents, &capped, &w.Withheld, &w.Previews)
	w.StartsAt, w.EndsAt, w.LaunchAfter = fromStamp(starts), fromStamp(ends), fromStamp(after)
	w.CreatedAt, w.EndedAt = fromStamp(created), fromStamp(ended)
	w.BudgetUSD, w.CappedAt = float64(cents)/100, fromStamp(capped)
	w.WarmUp, w.SessionLimit, w.IdleLimit = seconds(warmUp), seconds(limit), seconds(idle)
	if err == nil && collect != "[]" {
		err = json.Unmarshal([]byte(collect), &w.Collect)
	}
	return w, err
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }

func cents(usd float64) int64 { return int64(math.Round(100 * usd)) }

// OpenWorkshop adds a workshop with its roster.
func (s *Store) OpenWorkshop(ctx context.Context, w allocator.Workshop, roster []string) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error { return addWorkshop(ctx, tx, w, roster) })
}

func addWorkshop(ctx context.Context, tx conn, w allocator.Workshop, roster []string) error {
	collect, err := json.Marshal(append([]string{}, w.Collect...))
	if err != nil {
		return fmt.Errorf("encode what %s collects: %w", w.ID, err)
	}
	schedule := sql.NullString{String: w.ScheduleID, Valid: w.ScheduleID != ""}
	_, err = tx.exec(ctx, `INSERT INTO workshops (id, name, pool, seats, warm, spares, join_code, state, starts_at, ends_at, warm_up, session_limit, invited, schedule_id, created_at, idle_limit, collect, budget_cents, previews)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
		w.ID, w.Name, w.Pool, w.Seats, w.Warm, w.Spares, w.JoinCode, w.State, stamp(w.StartsAt), stamp(w.EndsAt),
		int64(w.WarmUp.Seconds()), int64(w.SessionLimit.Seconds()), w.Invited, schedule, stamp(w.CreatedAt), int64(w.IdleLimit.Seconds()), string(collect), cents(w.BudgetUSD), w.Previews)
	if err != nil {
		return fmt.Errorf("add workshop %s: %w", w.ID, err)
	}
	return setRoster(ctx, tx, w.ID, roster)
}

// ChangeWorkshop changes a workshop that is open, by compare-and-set.
func (s *Store) ChangeWorkshop(ctx context.Context, w allocator.Workshop, roster []string) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		if err := mustBeOpen(ctx, tx, w.ID); err != nil {
			return err
		}
		if err := tellAnew(ctx, tx, w); err != nil {
			return err
		}
		changed := api.Problemf(api.Conflict, "The workshop was changed meanwhile", "Look at it again, and change it then.")
		err := one(ctx, tx, changed, `UPDATE workshops SET seats = $1, warm = $2, spares = $3, ends_at = $4, session_limit = $5, invited = $6, budget_cents = $9, idle_limit = $10, previews = $11, version = version + 1
			WHERE id = $7 AND version = $8`,
			w.Seats, w.Warm, w.Spares, stamp(w.EndsAt), int64(w.SessionLimit.Seconds()), w.Invited, w.ID, w.Version, cents(w.BudgetUSD), int64(w.IdleLimit.Seconds()), w.Previews)
		if err != nil {
			return fmt.Errorf("change workshop %s: %w", w.ID, err)
		}
		if roster == nil {
			return nil
		}
		return setRoster(ctx, tx, w.ID, roster)
	})
}

// tellAnew lets all who are in a workshop be told anew where small pictures are turned on.
func tellAnew(ctx context.Context, tx conn, w allocator.Workshop) error {
	if !w.Previews {
		return nil
	}
	_, err := tx.exec(ctx, `UPDATE seats SET previews_told = $1 WHERE workshop_id = $2 AND state <> 'released'
		AND EXISTS (SELECT 1 FROM workshops w WHERE w.id = seats.workshop_id AND w.previews = $1)`, false, w.ID)
	if err != nil {
		return fmt.Errorf("let who is in %s be told of small pictures: %w", w.ID, err)
	}
	return nil
}

func mustBeOpen(ctx context.Context, tx conn, id string) error {
	w, err := oneWorkshop(ctx, tx, "id", id)
	if err == nil && w.State == allocator.Ended {
		err = api.Problemf(api.Conflict, "The workshop has ended", "It ended at %s.", allocator.InUTC(w.EndedAt))
	}
	return err
}

func setRoster(ctx context.Context, tx conn, workshop string, roster []string) error {
	all := []Statement{{"DELETE FROM roster WHERE workshop_id = $1", []any{workshop}}}
	for _, email := range roster {
		all = append(all, Statement{"INSERT INTO roster (workshop_id, email) VALUES ($1, $2)", []any{workshop, email}})
	}
	if err := tx.all(ctx, all...); err != nil {
		return fmt.Errorf("change the roster of %s: %w", workshop, err)
	}
	return nil
}

// Roster lists the addresses that may join a workshop.
func (s *Store) Roster(ctx context.Context, workshop string) ([]string, error) {
	out, err := list(ctx, s.read, scanID, "SELECT email FROM roster WHERE workshop_id = $1 ORDER BY email", workshop)
	if err != nil {
		return nil, fmt.Errorf("read the roster of %s: %w", workshop, err)
	}
	return out, nil
}

func oneWorkshop(ctx context.Context, q conn, column, value string) (allocator.Workshop, error) {
	w, err := scanWorkshop(q.row(ctx, "SELECT "+workshopColumns+" FROM workshops WHERE "+column+" = $1", value))
	if errors.Is(err, sql.ErrNoRows) {
		next := "Check the link or the code for a typing mistake."
		if column == "id" {
			next = "No workshop has that id: look for it in the list of workshops."
		}
		return w, api.Problemf(api.NotFound, "There is no such workshop", "%s", next)
	}
	if err != nil {
		return w, fmt.Errorf("find workshop: %w", err)
	}
	return w, nil
}

// Workshop finds a workshop by its id.
func (s *Store) Workshop(ctx context.Context, id string) (allocator.Workshop, error) {
	return oneWorkshop(ctx, s.read, "id", id)
}

// WorkshopByCode finds a workshop by its join code.
func (s *Store) WorkshopByCode(ctx context.Context, code string) (allocator.Workshop, error) {
	return oneWorkshop(ctx, s.read, "join_code", code)
}

// Workshops lists workshops, newest first.
func (s *Store) Workshops(ctx context.Context, after string, limit int) ([]allocator.Workshop, error) {
	out, err := list(ctx, s.read, scanWorkshop, "SELECT "+workshopColumns+` FROM workshops
		WHERE $1 = '' OR (created_at, id) < (SELECT created_at, id FROM workshops WHERE id = $1)
		ORDER BY created_at DESC, id DESC LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list workshops: %w", err)
	}
	return out, nil
}

// OpenWorkshops lists the workshops that have not ended.
func (s *Store) OpenWorkshops(ctx context.Context) ([]allocator.Workshop, error) {
	out, err := list(ctx, s.read, scanWorkshop, "SELECT "+workshopColumns+" FROM workshops WHERE state = 'open' ORDER BY starts_at, id")
	if err != nil {
		return nil, fmt.Errorf("list open workshops: %w", err)
	}
	return out, nil
}
