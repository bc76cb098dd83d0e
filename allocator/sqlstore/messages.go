package sqlstore

import (
	"context"
	"fmt"
	"time"
)

// KeepMessage keeps what the participant of a live seat is told.
func (s *Store) KeepMessage(ctx context.Context, id, text string, at time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		done, err := tx.exec(ctx, "UPDATE seats SET message = $1, message_at = $2 WHERE id = $3 AND state <> 'released'", text, stamp(at), id)
		if err != nil {
			return fmt.Errorf("keep a message for seat %s: %w", id, err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return notHeld()
		}
		return nil
	})
}

// KeepPreviewsTold keeps that the participant of a seat was told of small pictures.
func (s *Store) KeepPreviewsTold(ctx context.Context, id string) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		_, err := tx.exec(ctx, `UPDATE seats SET previews_told = $1 WHERE id = $2 AND state <> 'released'
			AND EXISTS (SELECT 1 FROM workshops w WHERE w.id = seats.workshop_id AND w.previews = $1)`, true, id)
		if err != nil {
			return fmt.Errorf("keep that seat %s was told of small pictures: %w", id, err)
		}
		return nil
	})
}

// KeepMessages keeps what the participants of a workshop are told.
func (s *Store) KeepMessages(ctx context.Context, workshop, text string, at time.Time) (told int, err error) {
	err = s.change(ctx, func(ctx context.Context, tx conn) error {
		done, err := tx.exec(ctx, "UPDATE seats SET message = $1, message_at = $2 WHERE workshop_id = $3 AND state <> 'released'", text, stamp(at), workshop)
		if err != nil {
			return fmt.Errorf("keep a message for workshop %s: %w", workshop, err)
		}
		n, err := done.RowsAffected()
		told = int(n)
		return err
	})
	return told, err
}
