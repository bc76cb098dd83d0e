package allocator

import (
	"context"
	"slices"
	"time"
)

// Role is what somebody of staff may do.
type Role string

// The roles.
const (
	Viewer     Role = "viewer"     // looks, and changes nothing
	Instructor Role = "instructor" // workshops, machines and seats
	Admin      Role = "admin"      // everything, users included
)

// Roles are all roles. Each may do what those before it may.
var Roles = []Role{Viewer, Instructor, Admin}

// Includes reports whether a role may do what needs another. What is no role may do
// nothing, and nobody may do what needs it.
func (r Role) Includes(needed Role) bool {
	need := slices.Index(Roles, needed)
	return need >= 0 && slices.Index(Roles, r) >= need
}

// User is somebody of staff.
type User struct {
	Name         string
	Role         Role
	PasswordHash string
	// Key is what sessions carry of their user. Another one ends them all.
	Key       string
	CreatedAt time.Time
	// Subject is who it is to the provider of single sign-on; "" for one with a password.
	Subject string
}

// APIToken is what a program shows in the place of a user's password. It may do
// what its role may, which is never more than the user's.
type APIToken struct {
	ID   string
	User string // whose it is
	Name string
	Role Role
	Sum  [32]byte // its SHA-256
	// ExpiresAt is zero for one that does not end by itself, UsedAt for one that was
	// never used.
	CreatedAt, ExpiresAt, UsedAt time.Time
}

// Ended reports whether a token is good no longer.
func (t APIToken) Ended(now time.Time) bool { return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) }

// Event is a line of the audit.
type Event struct {
	Seq     int64 // its number; the store gives it
	At      time.Time
	Actor   string // a user's name, followed by / and a token's name; an e-mail; or "allocator"
	Action  string
	Subject string // the id of what it was done to
	Detail  string
}

// EventQuery says which lines of the audit are asked for. What is empty or zero
// leaves none out.
type EventQuery struct {
	Actor   string // a user, with all tokens of the user's, or whoever else it was
	Action  string // what its action begins with
	Subject string
	Before  int64 // only lines with smaller numbers
	// Since and Until bound when it was done.
	Since, Until time.Time
	Limit        int
}

// People is the part of the store that keeps staff and the audit. A change is kept
// together with its line of the audit, or not at all.
type People interface {
	// User finds a user. NotFound.
	User(ctx context.Context, name string) (User, error)
	// UserBySubject finds a user by who it is to the provider of single sign-on. NotFound.
	UserBySubject(ctx context.Context, subject string) (User, error)
	// Users lists all by their names.
	Users(ctx context.Context) ([]User, error)
	// AddFirstUser adds a user where there is none at all. Conflict where there is.
	AddFirstUser(ctx context.Context, u User, e Event) error
	// AddUser adds a user. Conflict when the name is taken.
	AddUser(ctx context.Context, u User, e Event) error
	// SetPassword gives u.Name the password hash and the key of u, and ends the user's
	// tokens. NotFound; Conflict when was is set and the hash is another by now.
	SetPassword(ctx context.Context, u User, was string, e Event) error
	// SetRole gives u.Name the role of u. Where that is less than before, the user gets
	// the key of u, and the tokens end. NotFound; Conflict for the last admin.
	SetRole(ctx context.Context, u User, e Event) error
	// RemoveUser removes a user and the user's tokens. NotFound; Conflict for the last
	// admin.
	RemoveUser(ctx context.Context, name string, e Event) error

	// AddToken adds a token. Forbidden when the user has another key by now, Conflict
	// when one of the user's has its name, or when there are limit already.
	AddToken(ctx context.Context, t APIToken, key string, limit int, e Event) error
	// Tokens lists a user's tokens, newest first.
	Tokens(ctx context.Context, user string) ([]APIToken, error)
	// TokenBySum finds a token and its user. NotFound.
	TokenBySum(ctx context.Context, sum [32]byte) (APIToken, User, error)
	// UseToken keeps when a token was used, unless that was less than every ago.
	UseToken(ctx context.Context, id string, at time.Time, every time.Duration) error
	// RemoveToken removes a user's token. NotFound when it is not one of the user's.
	RemoveToken(ctx context.Context, user, id string, e Event) error

	// Record adds a line to the audit.
	Record(ctx context.Context, e Event) error
	// Events lists the audit, newest first.
	Events(ctx context.Context, q EventQuery) ([]Event, error)
}
