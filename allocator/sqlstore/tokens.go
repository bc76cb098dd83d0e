package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

const tokenColumns = "t.id, t.user_name, t.name, t.role, t.sum, t.created_at, t.expires_at, t.used_at" //nolint:gosec // names of columns

// into says where the columns of a token go, and keep takes over what is not read
// as it is.
func into(t *allocator.APIToken) (columns []any, keep func()) {
	var sum []byte
	var created, expires, used int64
	return []any{&t.ID, &t.User, &t.Name, &t.Role, &sum, &created, &expires, &used}, func() {
		copy(t.Sum[:], sum)
		t.CreatedAt, t.ExpiresAt, t.UsedAt = fromStamp(created), fromStamp(expires), fromStamp(used)
	}
}

func scanToken(row scanner) (t allocator.APIToken, err error) {
	columns, keep := into(&t)
	err = row.Scan(columns...)
	keep()
	return t, err
}

// AddToken adds a token.
func (s *Store) AddToken(ctx context.Context, t allocator.APIToken, key string, limit int, e allocator.Event) error {
	return s.audited(ctx, e, func(ctx context.Context, tx conn) error {
		var now string
		var count int
		err := tx.row(ctx, "SELECT session_key, (SELECT count(*) FROM tokens WHERE user_name = users.name) FROM users WHERE name = $1", t.User).Scan(&now, &count)
		switch err := found(err, "user", t.User); {
		case err != nil:
			return err
		case now != key:
			return api.Problemf(api.Forbidden, "Your password or role was changed meanwhile", "Log in again.")
		case count >= limit:
			return api.Problemf(api.Conflict, "There are too many tokens", "A user has %d at most. Revoke one that is not used any more.", limit)
		}
		taken := api.Problemf(api.Conflict, "That name is taken", "You have a token called %q. Choose another name, or revoke that one.", t.Name)
		return one(ctx, tx, taken, `INSERT INTO tokens (id, user_name, name, role, sum, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (user_name, name) DO NOTHING`, t.ID, t.User, t.Name, t.Role, t.Sum[:], stamp(t.CreatedAt), stamp(t.ExpiresAt))
	})
}

// Tokens lists a user's tokens, newest first.
func (s *Store) Tokens(ctx context.Context, user string) ([]allocator.APIToken, error) {
	out, err := list(ctx, s.read, scanToken, "SELECT "+tokenColumns+" FROM tokens t WHERE t.user_name = $1 ORDER BY t.created_at DESC, t.id", user)
	if err != nil {
		return nil, fmt.Errorf("list the tokens of %s: %w", user, err)
	}
	return out, nil
}

// TokenBySum finds a token and its user.
func (s *Store) TokenBySum(ctx context.Context, sum [32]byte) (t allocator.APIToken, u allocator.User, err error) {
	columns, keep := into(&t)
	var created int64
	err = s.read.row(ctx, "SELECT "+tokenColumns+", u.name, u.role, u.session_key, u.created_at FROM tokens t JOIN users u ON u.name = t.user_name WHERE t.sum = $1", sum[:]).
		Scan(append(columns, &u.Name, &u.Role, &u.Key, &created)...)
	keep()
	u.CreatedAt = fromStamp(created)
	return t, u, found(err, "token", "It")
}

// UseToken keeps when a token was used.
func (s *Store) UseToken(ctx context.Context, id string, at time.Time, every time.Duration) error {
	return s.exec(ctx, "keep when "+id+" was used", "UPDATE tokens SET used_at = $1 WHERE id = $2 AND used_at <= $3", stamp(at), id, stamp(at.Add(-every)))
}

// RemoveToken removes a user's token.
func (s *Store) RemoveToken(ctx context.Context, user, id string, e allocator.Event) error {
	return s.audited(ctx, e, func(ctx context.Context, tx conn) error {
		missing := api.Problemf(api.NotFound, "There is no such token", "%s is none of the tokens of %s.", id, user)
		return one(ctx, tx, missing, "DELETE FROM tokens WHERE id = $1 AND user_name = $2", id, user)
	})
}

func endTokens(ctx context.Context, tx conn, user string) error {
	_, err := tx.exec(ctx, "DELETE FROM tokens WHERE user_name = $1", user)
	return err
}
