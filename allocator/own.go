package allocator

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/talmolab/lablink-infrastructure/api"
)

// OwnMachines is the pool of machines that joined by a token. It is in no settings, has
// no bounds, and nothing is launched in it.
const OwnMachines = "own machines"

// JoinToken lets machines of one's own join a workshop.
type JoinToken struct {
	ID         string
	Name       string
	WorkshopID string
	Sum        [32]byte // its SHA-256
	Uses, Used int      // how many machines may join with it, and how many did
	By         string
	// RevokedAt is zero while nobody has revoked it.
	CreatedAt, ExpiresAt, RevokedAt time.Time
}

// Refusal is why a token lets no more machines join, or "".
func (t JoinToken) Refusal(now time.Time) string {
	switch {
	case !t.RevokedAt.IsZero():
		return "it was revoked"
	case !now.Before(t.ExpiresAt):
		return "it ended at " + InUTC(t.ExpiresAt)
	case t.Used >= t.Uses:
		if t.Used == 1 {
			return "1 machine has joined with it, which is as many as may"
		}
		return fmt.Sprintf("%d machines have joined with it, which is as many as may", t.Used)
	}
	return ""
}

// Joins is the part of the store that keeps machines of one's own.
type Joins interface {
	// AddJoinToken adds a token. NotFound; Conflict when its workshop has ended.
	AddJoinToken(ctx context.Context, t JoinToken, e Event) error
	// JoinTokens lists those of a workshop, or of all for "", newest first.
	JoinTokens(ctx context.Context, workshop string) ([]JoinToken, error)
	// JoinTokenBySum finds a token. NotFound.
	JoinTokenBySum(ctx context.Context, sum [32]byte) (JoinToken, error)
	// RevokeJoinToken ends a token. NotFound when there is none that goes on.
	RevokeJoinToken(ctx context.Context, id string, at time.Time, e Event) error
	// JoinMachine adds a machine that shows a token, with its agent. The one that joined
	// with the same secret before is returned as it is, also where it was released.
	// Forbidden when the token is not good; Conflict when its workshop has ended.
	JoinMachine(ctx context.Context, sum [32]byte, m Machine, a Agent, inventory api.Inventory, at time.Time) (Machine, error)
}

const (
	joinPrefix     = "lbj_"
	defaultJoin    = 24 * time.Hour
	longestJoin    = 31 * 24 * time.Hour
	mostJoins      = 1000
	longestJoinTag = 100
)

// IsJoinToken reports whether a secret is meant to be a join token.
func IsJoinToken(secret string) bool { return strings.HasPrefix(secret, joinPrefix) }

// AddJoinToken makes a join token, and says its secret, which is not kept.
func (s *Service) AddJoinToken(ctx context.Context, by string, n api.NewJoinToken) (JoinToken, string, error) {
	now := s.Now()
	secret := joinPrefix + random(32)
	t := JoinToken{
		ID: newID("jtk"), Name: strings.TrimSpace(n.Name), WorkshopID: n.Workshop, Sum: SecretSum(secret),
		Uses: max(1, n.Uses), By: by, CreatedAt: now, ExpiresAt: now.Add(defaultJoin),
	}
	if n.ExpiresAt != nil {
		t.ExpiresAt = n.ExpiresAt.UTC()
	}
	switch {
	case t.Name == "" || utf8.RuneCountInString(t.Name) > longestJoinTag:
		return t, "", api.Problemf(api.Invalid, "The token needs a name", "Say in a few words whose machines it is for.")
	case !t.ExpiresAt.After(now) || t.ExpiresAt.After(now.Add(longestJoin)):
		return t, "", api.Problemf(api.Invalid, "That is no end for a join token", "It ends within a month from now.")
	case t.Uses > mostJoins:
		return t, "", api.Problemf(api.Invalid, "That are too many machines", "At most %d can join with one token.", mostJoins)
	}
	e := Event{At: now, Actor: by, Action: "make join token", Subject: t.ID, Detail: fmt.Sprintf("%s: %d machines for %s, until %s", t.Name, t.Uses, t.WorkshopID, InUTC(t.ExpiresAt))}
	return t, secret, s.Store.AddJoinToken(ctx, t, e)
}

// RevokeJoinToken ends a token. Machines that have joined with it stay.
func (s *Service) RevokeJoinToken(ctx context.Context, by, id string) error {
	return s.Store.RevokeJoinToken(ctx, id, s.Now(), Event{At: s.Now(), Actor: by, Action: "revoke join token", Subject: id})
}

// MayJoin is nil for the secret of a join token that is good. Forbidden, with the reason,
// for others.
func (s *Service) MayJoin(ctx context.Context, secret string) error {
	t, err := s.Store.JoinTokenBySum(ctx, SecretSum(secret))
	if api.CodeOf(err) == api.NotFound {
		return BadJoinToken("it is not whole, or was never made")
	}
	if err != nil {
		return err
	}
	if why := t.Refusal(s.Now()); why != "" {
		return BadJoinToken(why)
	}
	return nil
}

// BadJoinToken is the refusal of a join token.
func BadJoinToken(why string) error {
	return api.Problemf(api.Forbidden, "The join token is not good", "Of the token that this machine shows: %s. Ask whoever gave it to you for another one.", why)
}

// join gives the agent of somebody's own machine its identity. One that was released is
// told so.
func (s *Service) join(ctx context.Context, r api.Registration, secret [32]byte) (api.Registered, error) {
	// Whoever shows what is no token does not take a turn of those who write.
	if _, err := s.Store.JoinTokenBySum(ctx, SecretSum(r.JoinToken)); api.CodeOf(err) == api.NotFound {
		return api.Registered{}, BadJoinToken("it is not whole, or was never made")
	} else if err != nil {
		return api.Registered{}, err
	}
	now := s.Now()
	m := Machine{ID: newID("mch"), Pool: OwnMachines, State: Booting, Reason: "it joined by a token", CreatedAt: now, ChangedAt: now}
	a := Agent{ID: newID("agt"), MachineID: m.ID, Secret: secret}
	joined, err := s.Store.JoinMachine(ctx, SecretSum(r.JoinToken), m, a, r.Inventory, now)
	if err != nil {
		return api.Registered{}, err
	}
	out := api.Registered{
		AgentID: joined.AgentID, MachineID: joined.ID, Protocol: api.Protocol, Version: s.Version, ReportInterval: int(s.ReportInterval.Seconds()),
	}
	if joined.State == Terminating || joined.State == Terminated {
		out.Released = joined.Reason
	}
	if joined.ID == m.ID {
		s.record(ctx, Allocator, "join machine", m.ID, "of "+joined.WorkshopID+", by token "+joined.JoinToken)
	}
	return out, nil
}

// released is why a machine of one's own goes.
const released = "it was released; the computer itself goes on"

// leaveOwn gives whoever holds somebody's own machine that has failed another one. What
// they made is collected where it can be, and the machine stays.
func (s *Service) leaveOwn(ctx context.Context, seen Machine) error {
	m, err := s.Store.Machine(ctx, seen.ID)
	if err != nil || m.SeatID == "" || m.SeatID != seen.SeatID || m.Health != seen.Health {
		return err
	}
	err = s.Store.MoveSeat(ctx, m.SeatID, m.trouble(), s.Now())
	if api.CodeOf(err) != api.Capacity {
		return err
	}
	// Somebody was faster, or none is ready. They keep it until another one is; where
	// others wait for that one too, they wait before those who came later. One that only
	// limps serves them better than none.
	if !m.silent(s.Now()) || m.sickFor(s.Now()) < sickLimit || s.clockTrouble(ctx) != "" {
		return nil
	}
	return s.Store.Move(ctx, m.ID, Assigned, Unhealthy, m.trouble(), s.Now())
}
