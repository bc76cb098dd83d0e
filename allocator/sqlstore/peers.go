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

// Beat keeps that an allocator is there, and forgets those that are not.
func (s *Store) Beat(ctx context.Context, p allocator.Peer, life time.Duration) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		now, before, err := s.heard(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, `INSERT INTO peers (id, address, certificate, seen, runs) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO UPDATE SET address = excluded.address, certificate = excluded.certificate, seen = excluded.seen, runs = excluded.runs`,
			p.ID, p.Address, p.Certificate[:], now, p.Release)
		if err != nil {
			return fmt.Errorf("keep that allocator %s is there: %w", p.ID, err)
		}
		since := int64(0) // who was silent itself judges nobody
		if now-before <= life.Microseconds() {
			since = now - life.Microseconds()
		}
		gone, err := list(ctx, tx, scanID, "DELETE FROM peers WHERE id <> $1 AND (address = $2 OR seen < $3) RETURNING id", p.ID, p.Address, since)
		if err != nil {
			return fmt.Errorf("forget allocators that are gone: %w", err)
		}
		if len(gone) == 0 && before > 0 {
			return nil
		}
		return dropTunnels(ctx, tx)
	})
}

// heard is what time the database has, and when it last heard of an allocator.
func (s *Store) heard(ctx context.Context, tx conn, peer string) (now, before int64, err error) {
	err = tx.row(ctx, "SELECT "+s.dialect.Clock+", coalesce((SELECT seen FROM peers WHERE id = $1), 0)", peer).Scan(&now, &before)
	if err != nil {
		return 0, 0, fmt.Errorf("read the clock of the database: %w", err)
	}
	return now, before, nil
}

// dropTunnels ends that allocators hold tunnels that are not there.
func dropTunnels(ctx context.Context, tx conn) error {
	_, err := tx.exec(ctx, `UPDATE machines SET holder = '', tunnel = '', connected = $1
		WHERE (holder <> '' OR connected) AND holder NOT IN (SELECT id FROM peers)`, false)
	if err != nil {
		return fmt.Errorf("forget tunnels of allocators that are gone: %w", err)
	}
	return nil
}

// ForgetPeer ends that an allocator is there.
func (s *Store) ForgetPeer(ctx context.Context, id string) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		if _, err := tx.exec(ctx, "DELETE FROM peers WHERE id = $1", id); err != nil {
			return fmt.Errorf("forget allocator %s: %w", id, err)
		}
		return dropTunnels(ctx, tx)
	})
}

// ListPeers lists the allocators that are there.
func (s *Store) ListPeers(ctx context.Context) ([]allocator.Peer, error) {
	out, err := list(ctx, s.read, scanPeer, "SELECT id, address, certificate, runs FROM peers ORDER BY id")
	if err != nil {
		return nil, fmt.Errorf("list allocators: %w", err)
	}
	return out, nil
}

func scanPeer(row scanner) (allocator.Peer, error) {
	var p allocator.Peer
	var sum []byte
	if err := row.Scan(&p.ID, &p.Address, &sum, &p.Release); err != nil {
		return p, err
	}
	if copy(p.Certificate[:], sum) != len(p.Certificate) {
		return p, fmt.Errorf("the sum of allocator %s's certificate has %d bytes", p.ID, len(sum))
	}
	return p, nil
}

// Connect keeps that a machine's tunnel is up.
func (s *Store) Connect(ctx context.Context, machine string, t allocator.Tunnel) error {
	return s.connect(ctx, machine, t, "UPDATE machines SET holder = $1, tunnel = $2, connected = $3 WHERE id = $4 AND EXISTS (SELECT 1 FROM peers WHERE id = $1)")
}

// Reconnect keeps that a machine's tunnel is up, where no other one is.
func (s *Store) Reconnect(ctx context.Context, machine string, t allocator.Tunnel) error {
	return s.connect(ctx, machine, t, "UPDATE machines SET holder = $1, tunnel = $2, connected = $3 WHERE id = $4 AND holder = '' AND EXISTS (SELECT 1 FROM peers WHERE id = $1)")
}

func (s *Store) connect(ctx context.Context, machine string, t allocator.Tunnel, query string) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		done, err := tx.exec(ctx, query, t.Holder, t.ID, true, machine)
		if err != nil {
			return fmt.Errorf("keep that %s is connected: %w", machine, err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return api.Problemf(api.Conflict, "The tunnel is not kept", "Machine %s has another tunnel, or is not known, or allocator %s was silent for so long that it was forgotten.", machine, t.Holder)
		}
		return nil
	})
}

// Disconnect keeps that a tunnel is gone.
func (s *Store) Disconnect(ctx context.Context, machine string, t allocator.Tunnel) error {
	return s.exec(ctx, "keep that "+machine+" is not connected",
		"UPDATE machines SET holder = '', tunnel = '', connected = $1 WHERE id = $2 AND holder = $3 AND tunnel = $4", false, machine, t.Holder, t.ID)
}

// Held are the machines whose tunnels an allocator holds, with these.
func (s *Store) Held(ctx context.Context, peer string) (map[string]string, error) {
	type one struct{ machine, tunnel string }
	all, err := list(ctx, s.read, func(row scanner) (one, error) {
		var o one
		return o, row.Scan(&o.machine, &o.tunnel)
	}, "SELECT id, tunnel FROM machines WHERE holder = $1 AND holder <> ''", peer)
	if err != nil {
		return nil, fmt.Errorf("list the tunnels of allocator %s: %w", peer, err)
	}
	out := make(map[string]string, len(all))
	for _, o := range all {
		out[o.machine] = o.tunnel
	}
	return out, nil
}

// HolderOf finds the allocator that holds a machine's tunnel.
func (s *Store) HolderOf(ctx context.Context, machine string) (allocator.Peer, error) {
	p, err := scanPeer(s.read.row(ctx, "SELECT p.id, p.address, p.certificate, p.runs FROM machines m JOIN peers p ON p.id = m.holder WHERE m.id = $1", machine))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return p, api.Problemf(api.NotFound, "The machine is not connected", "No allocator holds a tunnel of machine %s.", machine)
	case err != nil:
		return p, fmt.Errorf("find who holds the tunnel of %s: %w", machine, err)
	}
	return p, nil
}
