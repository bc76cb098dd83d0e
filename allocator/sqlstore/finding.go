package sqlstore

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// machineText is what a machine is found by.
const machineText = `lower(m.id || ' ' || coalesce(m.instance_id, '') || ' ' || m.type || ' ' || m.zone || ' ' || m.reason || ' ' || m.health_reason || ' ' || coalesce(s.email, '') || ' ' || m.inventory)`

// FindMachines lists machines, newest first.
func (s *Store) FindMachines(ctx context.Context, q allocator.MachineQuery) ([]allocator.Machine, error) {
	before, id := placed(q.Before)
	out, err := list(ctx, s.read, scanMachine, machineQuery+`
		WHERE ($1 = '' OR m.workshop_id = $1) AND ($2 = '' OR m.pool = $2) AND ($3 = '' OR m.state = $3) AND ($4 = '' OR m.health = $4)
		AND ($5 OR m.state <> 'terminated') AND ($6 = '' OR `+machineText+` LIKE $6 ESCAPE '\') AND (m.created_at, m.id) < ($7, $8)
		ORDER BY m.created_at DESC, m.id DESC LIMIT $9`,
		q.Workshop, q.Pool, string(q.State), q.Health, q.Ended || q.State == allocator.Terminated, containing(q.Text), before, id, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("find machines: %w", err)
	}
	return out, nil
}

// FindOperations lists operations, newest first.
func (s *Store) FindOperations(ctx context.Context, q allocator.OperationQuery) ([]allocator.Operation, error) {
	before, id := placed(q.Before)
	out, err := list(ctx, s.read, scanOperation, strings.Replace(operationQuery, "FROM operations o", `FROM (SELECT * FROM operations
		WHERE ($1 = '' OR workshop_id = $1) AND ($2 <> 'running' OR finished_at = 0)
		AND ($2 <> 'failed' OR state = 'failed' AND finished_at > 0 AND cancelled_at = 0) AND (created_at, id) < ($3, $4)
		ORDER BY created_at DESC, id DESC LIMIT $5) o`, 1)+`
		GROUP BY o.id, o.kind, o.workshop_id, o.state, o.message, o.requested_by, o.created_at, o.finished_at, o.cancelled_at
		ORDER BY o.created_at DESC, o.id DESC`, q.Workshop, string(q.Only), before, id, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("find operations: %w", err)
	}
	return out, nil
}

// placed is a place as it is compared.
func placed(p allocator.Place) (at int64, id string) {
	if p.At.IsZero() {
		return math.MaxInt64, ""
	}
	return stamp(p.At), p.ID
}

// wild are the characters that LIKE takes for more than themselves.
var wild = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// containing is the pattern of what contains a text; "" for none.
func containing(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	return "%" + wild.Replace(strings.ToLower(text)) + "%"
}

// Size is how many bytes the database has.
func (s *Store) Size(ctx context.Context) (int64, error) {
	var bytes int64
	if err := s.read.row(ctx, s.read.dialect.Size).Scan(&bytes); err != nil {
		return 0, fmt.Errorf("ask how large the database is: %w", err)
	}
	return bytes, nil
}
