package sqlstore

import (
	"context"
	"fmt"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// BeginAnswer keeps that a request is carried out.
func (s *Store) BeginAnswer(ctx context.Context, a allocator.Answered) (was allocator.Answered, begun bool, err error) {
	err = s.change(ctx, func(ctx context.Context, tx conn) error {
		done, err := tx.exec(ctx, "INSERT INTO answers (key, request, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", a.Key[:], a.Request[:], stamp(a.At))
		if err != nil {
			return fmt.Errorf("keep a request: %w", err)
		}
		if n, err := done.RowsAffected(); err != nil || n > 0 {
			begun = n > 0
			return err
		}
		was, err = oneAnswer(ctx, tx, a.Key)
		return err
	})
	return was, begun, err
}

func oneAnswer(ctx context.Context, tx conn, key [32]byte) (allocator.Answered, error) {
	a := allocator.Answered{Key: key}
	var request []byte
	var at int64
	err := tx.row(ctx, "SELECT request, status, answer, at FROM answers WHERE key = $1", key[:]).Scan(&request, &a.Status, &a.Answer, &at)
	if err != nil {
		return a, fmt.Errorf("find an answer: %w", err)
	}
	copy(a.Request[:], request)
	a.At = fromStamp(at)
	return a, nil
}

// KeepAnswer keeps the answer of a request.
func (s *Store) KeepAnswer(ctx context.Context, key [32]byte, status int, answer []byte) error {
	return s.exec(ctx, "keep an answer", "UPDATE answers SET status = $1, answer = $2 WHERE key = $3", status, answer, key[:])
}

// DropAnswer forgets a request that changed nothing.
func (s *Store) DropAnswer(ctx context.Context, key [32]byte) error {
	return s.exec(ctx, "forget a request", "DELETE FROM answers WHERE key = $1", key[:])
}
