package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// AddLogs adds a batch to a machine's log, and forgets what is too much.
func (s *Store) AddLogs(ctx context.Context, machine string, b api.LogBatch, at time.Time, keep int) error {
	lines, err := json.Marshal(b.Lines)
	if err != nil {
		return fmt.Errorf("write a log down: %w", err)
	}
	when := stamp(at)
	if at.IsZero() {
		when = unknown
	}
	err = s.change(ctx, func(ctx context.Context, tx conn) error {
		return tx.all(ctx, Statement{
			`INSERT INTO logs (machine_id, run, number, lost, at, bytes, lines) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (machine_id, run, number) DO NOTHING`,
			[]any{machine, b.Run, b.Number, b.Lost, when, len(lines), string(lines)},
		}, Statement{
			`DELETE FROM logs WHERE seq IN (
				SELECT seq FROM (SELECT seq, sum(bytes) OVER (ORDER BY seq DESC) AS upto FROM logs WHERE machine_id = $1) AS l WHERE upto > $2)`,
			[]any{machine, keep},
		})
	})
	if err != nil {
		return fmt.Errorf("keep the log of %s: %w", machine, err)
	}
	return nil
}

// Logs reads a machine's log, and of each batch which run of the agent the one before it is of.
func (s *Store) Logs(ctx context.Context, machine string, after int64, limit int) ([]allocator.LogBatch, error) {
	out, err := list(ctx, s.read, func(row scanner) (b allocator.LogBatch, err error) {
		var lines string
		if err = row.Scan(&b.Seq, &b.Run, &b.Before, &b.Number, &b.Lost, &lines); err != nil {
			return b, err
		}
		return b, json.Unmarshal([]byte(lines), &b.Lines)
	}, `SELECT seq, run, COALESCE((SELECT b.run FROM logs AS b WHERE b.machine_id = l.machine_id AND b.seq < l.seq ORDER BY b.seq DESC LIMIT 1), ''),
			number, lost, lines FROM logs AS l WHERE machine_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`, machine, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read the log of %s: %w", machine, err)
	}
	return out, nil
}
