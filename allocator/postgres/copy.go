package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// copies begin the names of databases that are copies for rehearsals. The time at
// which one was made follows.
const copies = "lablink_rehearsal_"

// copyLife is after how long a copy is one that somebody left behind.
const copyLife = time.Hour

// schemaTables keep which migrations were made: a copy has its own.
var schemaTables = []string{"goose_db_version", "river_migration"}

// MakeCopy makes an empty database on the same server, for a copy, and removes those
// that were left behind. Drop removes it.
func MakeCopy(ctx context.Context, c Config, now time.Time) (Config, error) {
	db, err := c.open(1, nil)
	if err != nil {
		return c, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", copies)
	if err != nil {
		return c, fmt.Errorf("list copies of the database: %w", err)
	}
	names, err := pgxNames(rows)
	if err != nil {
		return c, fmt.Errorf("list copies of the database: %w", err)
	}
	for _, name := range names {
		made, err := strconv.ParseInt(strings.Split(strings.TrimPrefix(name, copies), "_")[0], 10, 64)
		if err == nil && now.Sub(time.Unix(made, 0)) > copyLife {
			if err := Drop(ctx, c, name); err != nil {
				return c, err
			}
		}
	}
	c.Name = fmt.Sprintf("%s%d_%s", copies, now.Unix(), strings.ToLower(rand.Text()[:8]))
	if _, err := db.ExecContext(ctx, "CREATE DATABASE "+pgx.Identifier{c.Name}.Sanitize()); err != nil {
		return c, fmt.Errorf("make a database for a copy: %w", err)
	}
	return c, nil
}

// Drop removes a copy of c. No other database is removed.
func Drop(ctx context.Context, c Config, name string) error {
	if !strings.HasPrefix(name, copies) {
		return fmt.Errorf("the database %s is no copy, and is not removed", name)
	}
	db, err := c.open(1, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("remove the copy %s of the database: %w", name, err)
	}
	return nil
}

// Fill copies the rows of a database, as they are at one moment, into one with the
// same tables. A column that the other has not is left out.
func Fill(ctx context.Context, from, to Config) error {
	return from.with(ctx, func(source *pgx.Conn) error {
		return to.with(ctx, func(target *pgx.Conn) error { return fill(ctx, source, target) })
	})
}

// with does something by a connection of its own.
func (c Config) with(ctx context.Context, do func(*pgx.Conn) error) error {
	db, err := c.open(1, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", word(err))
	}
	defer conn.Close()
	return conn.Raw(func(raw any) error { return do(raw.(*stdlib.Conn).Conn()) })
}

func fill(ctx context.Context, source, target *pgx.Conn) error {
	read, err := source.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return fmt.Errorf("read the database: %w", err)
	}
	defer func() { _ = read.Rollback(context.WithoutCancel(ctx)) }() // it changed nothing
	have, err := columns(ctx, source)
	if err != nil {
		return err
	}
	want, err := columns(ctx, target)
	if err != nil {
		return err
	}
	order, err := tables(ctx, target)
	if err != nil {
		return err
	}
	for _, table := range order {
		both := slices.DeleteFunc(slices.Clone(want[table]), func(column string) bool { return !slices.Contains(have[table], column) })
		if len(both) == 0 || slices.Contains(schemaTables, table) {
			continue
		}
		if err := copyTable(ctx, source, target, table, both); err != nil {
			return fmt.Errorf("copy the table %s: %w", table, err)
		}
	}
	return advance(ctx, target)
}

// copyTable copies columns of all rows of a table.
func copyTable(ctx context.Context, source, target *pgx.Conn, table string, columns []string) error {
	names := make([]string, len(columns))
	for i, column := range columns {
		names[i] = pgx.Identifier{column}.Sanitize()
	}
	what := pgx.Identifier{table}.Sanitize() + " (" + strings.Join(names, ", ") + ")"
	// What was there when the tables were made is there in the source too.
	if _, err := target.Exec(ctx, "DELETE FROM "+pgx.Identifier{table}.Sanitize()); err != nil {
		return err
	}
	reader, writer := io.Pipe()
	read := make(chan error, 1)
	go func() {
		_, err := source.PgConn().CopyTo(ctx, writer, "COPY "+what+" TO STDOUT (FORMAT binary)")
		writer.CloseWithError(err)
		read <- err
	}()
	_, err := target.PgConn().CopyFrom(ctx, reader, "COPY "+what+" FROM STDIN (FORMAT binary)")
	_ = reader.CloseWithError(err)
	return errors.Join(err, <-read)
}

// columns are those that can be written, of each table.
func columns(ctx context.Context, conn *pgx.Conn) (map[string][]string, error) {
	rows, err := conn.Query(ctx, `SELECT c.relname::text, a.attname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
		ORDER BY c.relname, a.attnum`)
	if err != nil {
		return nil, fmt.Errorf("list the columns of the database: %w", err)
	}
	out := map[string][]string{}
	var table, column string
	_, err = pgx.ForEachRow(rows, []any{&table, &column}, func() error {
		out[table] = append(out[table], column)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the columns of the database: %w", err)
	}
	return out, nil
}

// tables are all tables, each after those that it refers to.
func tables(ctx context.Context, conn *pgx.Conn) ([]string, error) {
	rows, err := conn.Query(ctx, `SELECT c.relname::text, coalesce(array_agg(r.relname::text) FILTER (WHERE r.relname IS NOT NULL AND r.oid <> c.oid), '{}')
		FROM pg_class c LEFT JOIN pg_constraint f ON f.conrelid = c.oid AND f.contype = 'f' LEFT JOIN pg_class r ON r.oid = f.confrelid
		WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace GROUP BY c.relname ORDER BY c.relname`)
	if err != nil {
		return nil, fmt.Errorf("list the tables of the database: %w", err)
	}
	needs := map[string][]string{}
	var names, need []string
	var name string
	_, err = pgx.ForEachRow(rows, []any{&name, &need}, func() error {
		names, needs[name] = append(names, name), slices.Clone(need)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the tables of the database: %w", err)
	}
	var out []string
	for len(out) < len(names) {
		before := len(out)
		for _, name := range names {
			done := func(other string) bool { return slices.Contains(out, other) }
			if !done(name) && !slices.ContainsFunc(needs[name], func(other string) bool { return !done(other) }) {
				out = append(out, name)
			}
		}
		if len(out) == before {
			return nil, errors.New("the tables of the database refer to each other in a circle, so no copy of them can be made")
		}
	}
	return out, nil
}

// advance makes numbers that the database gives itself go on behind those that are
// there.
func advance(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `DO $$ DECLARE one record; BEGIN
		FOR one IN SELECT c.relname AS t, a.attname AS n, pg_get_serial_sequence(quote_ident(c.relname), a.attname) AS s
			FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
			WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
			AND pg_get_serial_sequence(quote_ident(c.relname), a.attname) IS NOT NULL
		LOOP
			EXECUTE format('SELECT setval(%L, greatest(coalesce(max(%I), 0), 1)) FROM %I', one.s, one.n, one.t);
		END LOOP; END $$`)
	if err != nil {
		return fmt.Errorf("let the numbers of a copy go on: %w", err)
	}
	return nil
}

func pgxNames(rows *sql.Rows) (out []string, err error) {
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, rows.Err()
}
