package sqlstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// Record adds a line to the audit.
func (s *Store) Record(ctx context.Context, e allocator.Event) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error { return record(ctx, tx, e) })
}

func record(ctx context.Context, tx conn, e allocator.Event) error {
	if err := tx.all(ctx, recording(e)); err != nil {
		return fmt.Errorf("keep the audit: %w", err)
	}
	return nil
}

func recording(e allocator.Event) Statement {
	return Statement{"INSERT INTO events (at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5)", []any{stamp(e.At), e.Actor, e.Action, e.Subject, e.Detail}}
}

// recordAll adds many lines to the audit.
func recordAll(ctx context.Context, tx conn, all []allocator.Event) error {
	type line struct {
		At      int64  `json:"at"`
		Actor   string `json:"actor"`
		Action  string `json:"action"`
		Subject string `json:"subject"`
		Detail  string `json:"detail"`
	}
	lines := make([]line, len(all))
	for i, e := range all {
		lines[i] = line{stamp(e.At), e.Actor, e.Action, e.Subject, e.Detail}
	}
	of, err := numbered(lines)
	if err == nil {
		_, err = tx.exec(ctx, tx.dialect.words(`INSERT INTO events (at, actor, action, subject, detail)
			SELECT CAST(value ->> 'at' AS BIGINT), value ->> 'actor', value ->> 'action', value ->> 'subject', value ->> 'detail' FROM json_each($1)`), of)
	}
	if err != nil {
		return fmt.Errorf("tell the audit: %w", err)
	}
	return nil
}

// Events lists the audit, newest first.
func (s *Store) Events(ctx context.Context, q allocator.EventQuery) ([]allocator.Event, error) {
	var where []string
	var args []any
	only := func(condition string, arg any) {
		args = append(args, arg)
		where = append(where, strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(args))))
	}
	if q.Actor != "" { // a user's tokens have the user's name before a slash
		only("(actor = ? OR substr(actor, 1, length(?) + 1) = ? || '/')", q.Actor)
	}
	if q.Subject != "" {
		only("subject = ?", q.Subject)
	}
	if q.Action != "" {
		only(`lower(action) LIKE ? ESCAPE '\'`, wild.Replace(strings.ToLower(q.Action))+"%")
	}
	if !q.Since.IsZero() {
		only("at >= ?", stamp(q.Since))
	}
	if !q.Until.IsZero() {
		only("at < ?", stamp(q.Until))
	}
	if q.Before != 0 {
		only("seq < ?", q.Before)
	}
	query := "SELECT seq, at, actor, action, subject, detail FROM events"
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	args = append(args, q.Limit)
	out, err := list(ctx, s.read, scanEvent, query+" ORDER BY seq DESC LIMIT $"+strconv.Itoa(len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("read the audit: %w", err)
	}
	return out, nil
}

func scanEvent(row scanner) (allocator.Event, error) {
	var e allocator.Event
	var at int64
	err := row.Scan(&e.Seq, &at, &e.Actor, &e.Action, &e.Subject, &e.Detail)
	e.At = fromStamp(at)
	return e, err
}
