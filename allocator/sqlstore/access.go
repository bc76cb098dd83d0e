package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// PasswordHash is a user's, or "" when there is no such user.
func (s *Store) PasswordHash(ctx context.Context, user string) (string, error) {
	var hash string
	err := s.read.row(ctx, "SELECT password_hash FROM users WHERE name = $1", user).Scan(&hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("find user %s: %w", user, err)
	}
	return hash, nil
}

// SetPasswordHash adds a user or changes the password.
func (s *Store) SetPasswordHash(ctx context.Context, user, hash string) error {
	return s.exec(ctx, "set the password of "+user, "INSERT INTO users (name, password_hash) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET password_hash = excluded.password_hash", user, hash)
}

// Record adds a line to the audit.
func (s *Store) Record(ctx context.Context, e allocator.Event) error {
	return s.exec(ctx, "keep the audit", "INSERT INTO events (at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5)", stamp(e.At), e.Actor, e.Action, e.Subject, e.Detail)
}

// Events lists the audit, newest first.
func (s *Store) Events(ctx context.Context, limit int) ([]allocator.Event, error) {
	out, err := list(ctx, s.read, func(row scanner) (allocator.Event, error) {
		var e allocator.Event
		var at int64
		err := row.Scan(&at, &e.Actor, &e.Action, &e.Subject, &e.Detail)
		e.At = fromStamp(at)
		return e, err
	}, "SELECT at, actor, action, subject, detail FROM events ORDER BY seq DESC LIMIT $1", limit)
	if err != nil {
		return nil, fmt.Errorf("read the audit: %w", err)
	}
	return out, nil
}

// FindCtx, CommitCtx and DeleteCtx keep the sessions of staff, for scs.

// FindCtx reads a session that has not expired.
func (s *Store) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var data []byte
	err := s.read.row(ctx, "SELECT data FROM sessions WHERE token = $1 AND expiry > $2", token, stamp(time.Now())).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("find a session: %w", err)
	}
	return data, true, nil
}

// CommitCtx writes a session, and forgets those that have expired.
func (s *Store) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	if err := s.exec(ctx, "forget expired sessions", "DELETE FROM sessions WHERE expiry <= $1", stamp(time.Now())); err != nil {
		return err
	}
	return s.exec(ctx, "keep a session", "INSERT INTO sessions (token, data, expiry) VALUES ($1, $2, $3) ON CONFLICT (token) DO UPDATE SET data = excluded.data, expiry = excluded.expiry", token, data, stamp(expiry))
}

// DeleteCtx removes a session.
func (s *Store) DeleteCtx(ctx context.Context, token string) error {
	return s.exec(ctx, "end a session", "DELETE FROM sessions WHERE token = $1", token)
}

// Find, Commit and Delete are what scs asks for where it has no context.

// Find reads a session.
func (s *Store) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit writes a session.
func (s *Store) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete removes a session.
func (s *Store) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

func (s *Store) exec(ctx context.Context, doing, query string, args ...any) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		if _, err := tx.exec(ctx, query, args...); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
		return nil
	})
}
