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

const joinTokenQuery = "SELECT id, name, workshop_id, sum, uses, used, created_by, created_at, expires_at, revoked_at FROM join_tokens" //nolint:gosec // names of columns

func scanJoinToken(row scanner) (allocator.JoinToken, error) {
	var t allocator.JoinToken
	var sum []byte
	var created, expires, revoked int64
	err := row.Scan(&t.ID, &t.Name, &t.WorkshopID, &sum, &t.Uses, &t.Used, &t.By, &created, &expires, &revoked)
	copy(t.Sum[:], sum)
	t.CreatedAt, t.ExpiresAt, t.RevokedAt = fromStamp(created), fromStamp(expires), fromStamp(revoked)
	return t, err
}

// AddJoinToken adds a token.
func (s *Store) AddJoinToken(ctx context.Context, t allocator.JoinToken, e allocator.Event) error {
	return s.audited(ctx, e, func(ctx context.Context, tx conn) error {
		if err := mustBeOpen(ctx, tx, t.WorkshopID); err != nil {
			return err
		}
		_, err := tx.exec(ctx, "INSERT INTO join_tokens (id, name, workshop_id, sum, uses, created_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
			t.ID, t.Name, t.WorkshopID, t.Sum[:], t.Uses, t.By, stamp(t.CreatedAt), stamp(t.ExpiresAt))
		return err
	})
}

// JoinTokens lists tokens, newest first.
func (s *Store) JoinTokens(ctx context.Context, workshop string) ([]allocator.JoinToken, error) {
	out, err := list(ctx, s.read, scanJoinToken, joinTokenQuery+" WHERE $1 = '' OR workshop_id = $1 ORDER BY created_at DESC, id", workshop)
	if err != nil {
		return nil, fmt.Errorf("list join tokens: %w", err)
	}
	return out, nil
}

// JoinTokenBySum finds a token.
func (s *Store) JoinTokenBySum(ctx context.Context, sum [32]byte) (allocator.JoinToken, error) {
	t, err := scanJoinToken(s.read.row(ctx, joinTokenQuery+" WHERE sum = $1", sum[:]))
	return t, found(err, "join token", "It")
}

// RevokeJoinToken ends a token.
func (s *Store) RevokeJoinToken(ctx context.Context, id string, at time.Time, e allocator.Event) error {
	return s.audited(ctx, e, func(ctx context.Context, tx conn) error {
		missing := api.Problemf(api.NotFound, "There is no such join token", "%s is not known, or was revoked.", id)
		return one(ctx, tx, missing, "UPDATE join_tokens SET revoked_at = $1 WHERE id = $2 AND revoked_at = 0", stamp(at), id)
	})
}

// JoinMachine adds a machine that shows a token.
func (s *Store) JoinMachine(ctx context.Context, sum [32]byte, m allocator.Machine, a allocator.Agent, inventory api.Inventory, at time.Time) (out allocator.Machine, err error) {
	err = s.change(ctx, func(ctx context.Context, tx conn) error {
		var err error
		out, err = scanMachine(tx.row(ctx, machineQuery+" WHERE m.agent_secret = $1 AND m.join_token <> ''", a.Secret[:]))
		if err == nil || !errors.Is(err, sql.ErrNoRows) {
			return err // it asks again
		}
		t, err := useJoinToken(ctx, tx, sum, at)
		if err != nil {
			return err
		}
		m.WorkshopID, m.JoinToken = t.WorkshopID, t.ID
		if err := addMachine(ctx, tx, m); err != nil {
			return err
		}
		has, err := inventoryText(inventory)
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, "UPDATE machines SET join_token = $1, agent_id = $2, agent_secret = $3, inventory = $4 WHERE id = $5", t.ID, a.ID, a.Secret[:], has, m.ID)
		if err != nil {
			return fmt.Errorf("give machine %s its agent: %w", m.ID, err)
		}
		out, err = oneMachine(ctx, tx, m.ID)
		return err
	})
	return out, err
}

// useJoinToken counts a use of a token that is good.
func useJoinToken(ctx context.Context, tx conn, sum [32]byte, at time.Time) (allocator.JoinToken, error) {
	t, err := scanJoinToken(tx.row(ctx, joinTokenQuery+" WHERE sum = $1", sum[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return t, allocator.BadJoinToken("it is not whole, or was never made")
	}
	if err != nil {
		return t, fmt.Errorf("find a join token: %w", err)
	}
	if why := t.Refusal(at); why != "" {
		return t, allocator.BadJoinToken(why)
	}
	if err := mustBeOpen(ctx, tx, t.WorkshopID); err != nil {
		return t, err
	}
	_, err = tx.exec(ctx, "UPDATE join_tokens SET used = used + 1 WHERE id = $1", t.ID)
	return t, err
}
