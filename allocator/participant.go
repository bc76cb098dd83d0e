package allocator

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Claimed is the answer to a claim.
type Claimed struct {
	Seat Seat
	// Token proves, in this browser, whose seat it is.
	Token string
	// PIN proves it in another browser. It is set for the browser that claimed.
	PIN string
}

// Claim gives a participant a seat of a workshop: with a machine, or with a place in
// the queue when none is free or the workshop has not begun. The same e-mail gets the
// same seat, if the browser's token or the PIN shows that it is the same person.
// NotFound for an unknown code, Conflict for a workshop that has ended and for a
// browser that holds another seat of it, Forbidden when the seat is another browser's
// and for who is not on the workshop's roster.
func (s *Service) Claim(ctx context.Context, c api.Claim, token string) (Claimed, error) {
	return s.ClaimFrom(ctx, c, token, "")
}

// ClaimFrom is Claim by somebody in a network: wrong PINs count against that, so that
// who guesses elsewhere locks nobody out.
func (s *Service) ClaimFrom(ctx context.Context, c api.Claim, token, network string) (Claimed, error) {
	begin := s.Now()
	claimed, err := s.claim(ctx, c, token, network)
	s.metered(func(m Meter) { m.Claimed(outcome(claimed.Seat, err), s.Now().Sub(begin)) })
	return claimed, err
}

func (s *Service) claim(ctx context.Context, c api.Claim, token, network string) (Claimed, error) {
	email, err := normalEmail(c.Email)
	if err != nil {
		return Claimed{}, err
	}
	workshop, err := s.openedBy(ctx, NormalCode(c.Code))
	if err != nil {
		return Claimed{}, err
	}
	if token == "" {
		token = NewToken()
	}
	id := newID("sea")
	r := ClaimRequest{
		WorkshopID: workshop, Email: email, Token: SecretSum(token), NewSeat: id,
		NewPIN: pinSum(workshop, email, pinOf(token, id)), Source: sha256.Sum256([]byte(network)), At: s.Now(),
	}
	if typed := strings.TrimSpace(c.PIN); typed != "" {
		r.GivenPIN = pinSum(workshop, email, typed)
	}
	seat, err := s.Store.Claim(ctx, r)
	if err != nil {
		return Claimed{}, err
	}
	return Claimed{Seat: seat, Token: token, PIN: seat.PINFor(token)}, nil
}

// openedBy is the workshop that a join code opens. Codes are given once and stay, so
// that of an open workshop is looked up once; whether it is open still, the claim sees.
func (s *Service) openedBy(ctx context.Context, code string) (id string, err error) {
	if id, ok := s.codes.Load(code); ok {
		return id.(string), nil
	}
	// A room that comes at once looks it up once. Who asked first may be gone meanwhile.
	found, err, _ := s.opening.Do(code, func() (any, error) { return s.Store.WorkshopByCode(context.WithoutCancel(ctx), code) })
	if err != nil {
		return "", err
	}
	w := found.(Workshop)
	if w.State != Open {
		return "", api.Problemf(api.Conflict, "This workshop has ended", "Ask your instructor whether there is another one.")
	}
	s.codes.Store(code, w.ID)
	return w.ID, nil
}

// Claimed is what the audit says of a seat that is new.
func (s Seat) Claimed(at time.Time) Event {
	return Event{At: at, Actor: s.Email, Action: "claim seat", Subject: s.ID, Detail: s.where()}
}

// NewToken makes a token for a browser. One that has it before it claims can ask
// again when the answer was lost.
func NewToken() string { return random(32) }

// NotInvited is the title of the refusal for who is not on the roster: no PIN helps.
const NotInvited = "That address is not on the list"

// PINFor is the seat's PIN, for the browser that claimed it; "" for others.
func (s Seat) PINFor(token string) string {
	if pin := pinOf(token, s.ID); pinSum(s.WorkshopID, s.Email, pin) == s.PIN {
		return pin
	}
	return ""
}

// Leave gives the seat back that a browser used last.
func (s *Service) Leave(ctx context.Context, token string) error {
	_, err := s.LeaveSeat(ctx, token, "")
	return err
}

// LeaveSeat gives one of a browser's seats back, and says which that was.
func (s *Service) LeaveSeat(ctx context.Context, token, id string) (Seat, error) {
	seat, err := s.HeldSeat(ctx, token, id)
	if err != nil {
		return seat, err
	}
	if err := s.Store.ReleaseSeat(ctx, seat.ID, leftIt, s.Now()); err != nil {
		return seat, err
	}
	s.record(ctx, seat.Email, "leave seat", seat.ID, seat.where())
	return seat, nil
}

// where is a seat's machine, or its place in the queue.
func (s Seat) where() string {
	if s.State == SeatQueued {
		return fmt.Sprintf("place %d in the queue", s.Position)
	}
	return "machine " + s.MachineID
}

// Earlier is the earlier of two times, of which zero is never.
func Earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Extend lets the seat go on that a browser used last. See ExtendSeat.
func (s *Service) Extend(ctx context.Context, token string) (Seat, error) {
	return s.ExtendSeat(ctx, token, "")
}

// ExtendSeat lets one of a browser's seats go on, from now for as long as a session lasts, at most
// until the workshop ends. Capacity while others wait; Conflict for a seat whose time
// has no end, and for one that cannot end later.
func (s *Service) ExtendSeat(ctx context.Context, token, id string) (Seat, error) {
	seat, err := s.HeldSeat(ctx, token, id)
	if err != nil {
		return seat, err
	}
	if seat.EndsAt.IsZero() && !seat.IdleEndsAt.IsZero() {
		return s.stay(ctx, seat)
	}
	if seat.EndsAt.IsZero() {
		return seat, api.Problemf(api.Conflict, "Your time has no end", "The machine is yours until the workshop ends.")
	}
	w, err := s.Store.Workshop(ctx, seat.WorkshopID)
	if err != nil {
		return seat, err
	}
	to := time.Time{} // the limit was lifted meanwhile
	if w.SessionLimit > 0 {
		to = Earlier(s.Now().Add(w.SessionLimit), w.EndsAt)
	}
	if !to.IsZero() && (to.Before(seat.EndsAt) || to.Equal(seat.EndsAt) && to.Equal(w.EndsAt)) {
		if !seat.IdleEndsAt.IsZero() {
			return s.stay(ctx, seat)
		}
		return seat, api.Problemf(api.Conflict, "Your time cannot end later", "A session lasts no longer from now, or the workshop ends then. Your page says when that is.")
	}
	if err := s.Store.ExtendSeat(ctx, seat.ID, seat.EndsAt, to); err != nil {
		return seat, err
	}
	s.record(ctx, seat.Email, "extend seat", seat.ID, "until "+InUTC(to))
	seat.EndsAt = to
	if !seat.IdleEndsAt.IsZero() {
		return s.stay(ctx, seat)
	}
	return seat, nil
}

// stay keeps that who holds a seat is there.
func (s *Service) stay(ctx context.Context, seat Seat) (Seat, error) {
	if err := s.Store.StaySeated(ctx, seat.ID, s.Now()); err != nil {
		return seat, err
	}
	s.record(ctx, seat.Email, "stay seated", seat.ID, seat.where())
	return s.Store.Seat(ctx, seat.ID)
}

// Waits is why a seat gets no machine, also where one is ready; or "".
func (s Seat) Waits() string {
	if s.State != SeatQueued || !s.Withheld {
		return ""
	}
	return "The workshop's budget is used up, so no machines are given out. You keep your place; ask your instructor whether the budget is raised."
}

// Look asks the machine of a seat how it is, through its tunnel. A seat that waits
// has none.
func (s *Service) Look(ctx context.Context, seat Seat) api.Live {
	live := api.Live{At: s.Now()}
	if seat.State == SeatQueued {
		live.Detail = strings.TrimSpace(fmt.Sprintf("You are number %d in the queue. %s", seat.Position, seat.Waits()))
		return live
	}
	status, err := s.Tunnels.Status(ctx, seat.MachineID)
	if err != nil {
		live.Detail, live.Failed = s.away(ctx, seat.MachineID)
		return live
	}
	live.Reachable, live.Status = true, &status
	if had := status.Session; had != nil && had.ID != seat.Session() {
		live.Starting = "Your desktop is being started."
		if had.Trouble != "" {
			live.Starting = had.Trouble + " It is tried again; if it takes longer than a few minutes, ask your instructor."
		}
	}
	live.Remote = s.connection(ctx, seat, status.Session)
	if status.Health != api.Healthy {
		live.Detail = status.Reason
	} else if status.Note != "" {
		live.Detail = status.Note
	}
	return live
}

// away is what is known of a machine that does not answer, and whether it has failed.
func (s *Service) away(ctx context.Context, machine string) (detail string, failed bool) {
	m, err := s.Store.Machine(ctx, machine)
	if err == nil && m.Health == api.Unhealthy {
		return "Your machine does not answer: " + m.HealthReason + ". You get another one as soon as one is ready for you; if this one comes back before, you go on there.", true
	}
	return "Your machine does not answer at the moment. This page goes on trying; if it takes longer than a few minutes, ask your instructor.", false
}

// maxEmail is the longest address that mail can be sent to, in bytes (RFC 5321).
const maxEmail = 254

func normalEmail(raw string) (string, error) {
	a, err := mail.ParseAddress(strings.TrimSpace(raw))
	if err != nil || a.Name != "" || !strings.Contains(a.Address, "@") || len(a.Address) > maxEmail {
		return "", api.Problemf(api.Invalid, "That is not an e-mail address", "Write it as name@example.org.")
	}
	return strings.ToLower(a.Address), nil
}

// pinOf derives a seat's six digits from the browser's token, so that nobody has
// to keep them: that browser can be shown them at any time.
func pinOf(token, seat string) string {
	sum := sha256.Sum256([]byte("pin\x00" + token + "\x00" + seat))
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(sum[:8])%1_000_000)
}

// pinSum is how a PIN is stored. Six digits can be guessed from it by whoever
// holds the database, who holds the seat anyway; guessing over the network ends
// after five tries.
func pinSum(workshop, email, pin string) [32]byte {
	return sha256.Sum256([]byte(workshop + "\x00" + email + "\x00" + pin))
}
