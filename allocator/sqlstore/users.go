package sqlstore

import (
	"context"
	"fmt"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

const userColumns = "name, role, password_hash, session_key, created_at, subject"

func scanUser(row scanner) (allocator.User, error) {
	var u allocator.User
	var created int64
	err := row.Scan(&u.Name, &u.Role, &u.PasswordHash, &u.Key, &created, &u.Subject)
	u.CreatedAt = fromStamp(created)
	return u, err
}

func oneUser(ctx context.Context, q conn, name string) (allocator.User, error) {
	u, err := scanUser(q.row(ctx, "SELECT "+userColumns+" FROM users WHERE name = $1", name))
	return u, found(err, "user", name)
}

// User finds a user.
func (s *Store) User(ctx context.Context, name string) (allocator.User, error) {
	return oneUser(ctx, s.read, name)
}

// UserBySubject finds a user of single sign-on.
func (s *Store) UserBySubject(ctx context.Context, subject string) (allocator.User, error) {
	u, err := scanUser(s.read.row(ctx, "SELECT "+userColumns+" FROM users WHERE subject = $1 AND subject <> ''", subject))
	return u, found(err, "user", "It")
}

// Users lists all by their names.
func (s *Store) Users(ctx context.Context) ([]allocator.User, error) {
	out, err := list(ctx, s.read, scanUser, "SELECT "+userColumns+" FROM users ORDER BY name")
	if err != nil {
		return nil, fmt.Errorf("list the users: %w", err)
	}
	return out, nil
}

// AddFirstUser adds a user where there is none at all.
func (s *Store) AddFirstUser(ctx context.Context, u allocator.User, e allocator.Event) error {
	taken := api.Problemf(api.Conflict, "There are users already", "Ask an admin to add %s.", u.Name)
	return s.audited(ctx, e, func(ctx context.Context, tx conn) error {
		return one(ctx, tx, taken, "INSERT INTO users ("+userColumns+") SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS (SELECT 1 FROM users)",
			u.Name, u.Role, u.PasswordHash, u.Key, stamp(u.CreatedAt), u.Subject)
	})
}

// AddUser adds a user.
func (s *Store) AddUser(ctx context.Context, u allocator.User, e allocator.Event) error {
	taken := api.Problemf(api.Conflict, "That name is taken", "There is a user %s. Choose another name.", u.Name)
	return s.audited(ctx, e, func(ctx context.Context, tx conn) error {
		return one(ctx, tx, taken, "INSERT INTO users ("+userColumns+") VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
			u.Name, u.Role, u.PasswordHash, u.Key, stamp(u.CreatedAt), u.Subject)
	})
}

// SetPassword gives a user another password and ends what the one before let in.
func (s *Store) SetPassword(ctx context.Context, u allocator.User, was string, e allocator.Event) error {
	changed := api.Problemf(api.Conflict, "The password was changed meanwhile", "Log in with the new one, or ask an admin.")
	return s.audited(ctx, e, func(ctx context.Context, tx conn) error {
		now, err := oneUser(ctx, tx, u.Name)
		if err != nil {
			return err
		}
		if was == "" {
			was = now.PasswordHash
		}
		err = one(ctx, tx, changed, "UPDATE users SET password_hash = $1, session_key = $2 WHERE name = $3 AND password_hash = $4", u.PasswordHash, u.Key, u.Name, was)
		if err != nil {
			return err
		}
		return endTokens(ctx, tx, u.Name)
	})
}

// aside is true of a user who is not the only admin. Changes run one after the other,
// so of two admins who remove each other one stays.
const aside = "(role <> 'admin' OR (SELECT count(*) FROM users WHERE role = 'admin') > 1)"

func lastAdmin(name string) *api.Problem {
	return api.Problemf(api.Conflict, "This is the last admin", "Make somebody else an admin first; then %s can be removed or get another role.", name)
}

// SetRole gives a user another role.
func (s *Store) SetRole(ctx context.Context, u allocator.User, e allocator.Event) error {
	return s.audited(ctx, e, func(ctx context.Context, tx conn) error {
		now, err := oneUser(ctx, tx, u.Name)
		if err != nil {
			return err
		}
		if u.Role.Includes(now.Role) {
			_, err := tx.exec(ctx, "UPDATE users SET role = $1 WHERE name = $2", u.Role, u.Name)
			return err
		}
		if err := one(ctx, tx, lastAdmin(u.Name), "UPDATE users SET role = $1, session_key = $2 WHERE name = $3 AND "+aside, u.Role, u.Key, u.Name); err != nil {
			return err
		}
		return endTokens(ctx, tx, u.Name)
	})
}

// RemoveUser removes a user.
func (s *Store) RemoveUser(ctx context.Context, name string, e allocator.Event) error {
	return s.audited(ctx, e, func(ctx context.Context, tx conn) error {
		if _, err := oneUser(ctx, tx, name); err != nil {
			return err
		}
		if err := endTokens(ctx, tx, name); err != nil {
			return err
		}
		return one(ctx, tx, lastAdmin(name), "DELETE FROM users WHERE name = $1 AND "+aside, name)
	})
}

// audited makes a change together with its line of the audit.
func (s *Store) audited(ctx context.Context, e allocator.Event, do func(ctx context.Context, tx conn) error) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		if err := do(ctx, tx); err != nil {
			return fmt.Errorf("%s %s: %w", e.Action, e.Subject, err)
		}
		return record(ctx, tx, e)
	})
}

// one runs a statement that must concern a row; otherwise that is refused.
func one(ctx context.Context, tx conn, otherwise *api.Problem, query string, args ...any) error {
	done, err := tx.exec(ctx, query, args...)
	if err != nil {
		return err
	}
	n, err := done.RowsAffected()
	if err == nil && n == 0 {
		return otherwise
	}
	return err
}
