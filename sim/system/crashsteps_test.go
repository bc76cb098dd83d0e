package system

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

// step is one thing that happens, to one of the people or to something of a workshop.
type step struct {
	what string
	who  int
	of   uint64
}

// steps are what happens, each as often as it stands here.
var steps = []string{
	"open", "claim", "claim", "claim", "leave", "release", "terminate", "reboot", "interrupt", "collect", "end", "schedule", "join token",
}

// happens does one thing. It may be cut short, and it may be refused, but never for a
// reason that nobody can explain.
func (l *life) happens(t *testing.T, s step) {
	open, err := l.opened(t)
	switch {
	case err != nil:
	case len(open) == 0 || s.what == "open" && len(open) < 3:
		s.what = "open"
		var w api.Workshop
		err = l.staff.Do(t.Context(), http.MethodPost, "/api/v1/workshops", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 2, Spares: int(s.of % 2)}, &w)
		l.kept.acknowledged(err, w.ID, thing{kind: "workshop"})
	default:
		w := open[s.of%uint64(len(open))]
		switch s.what {
		case "open":
			err = errNothing // there are enough
		case "claim":
			err = l.claims(t, s, w)
		case "leave":
			err = l.leaves(t, s)
		case "release":
			err = l.releases(t, s, w)
		case "terminate", "reboot", "interrupt":
			err = l.toAMachine(t, s, w)
		case "collect":
			err = l.operation(t, "/api/v1/workshops/"+w.ID+"/collect", http.MethodPost)
		case "end":
			if err = errNothing; s.of%4 == 0 { // or there were few
				l.kept.mayEnd(w.ID)
				err = l.operation(t, "/api/v1/workshops/"+w.ID, http.MethodDelete)
				l.kept.ended(err, w.ID)
			}
		case "schedule":
			err = l.schedules(t, s)
		case "join token":
			var made api.MadeJoinToken
			err = l.staff.Do(t.Context(), http.MethodPost, "/api/v1/join-tokens", api.NewJoinToken{Name: "Lab", Workshop: w.ID}, &made)
			l.kept.acknowledged(err, made.ID, thing{kind: "join token", workshop: w.ID})
		}
	}
	l.kept.did(s, err)
	if refused := (*api.Problem)(nil); errors.As(err, &refused) {
		require.NotEqual(t, api.Internal, refused.Code, "%s: %v", s.what, err)
	}
}

// opened are the newest workshops that are open and that no schedule has opened.
func (l *life) opened(t *testing.T) (open []api.Workshop, err error) {
	var page api.Page[api.Workshop]
	err = l.staff.Do(t.Context(), http.MethodGet, "/api/v1/workshops?limit=20", nil, &page)
	for _, w := range page.Items {
		if w.State == "open" && w.Schedule == "" {
			open = append(open, w)
		}
	}
	return open, err
}

func (l *life) claims(t *testing.T, s step, w api.Workshop) error {
	var seat api.Seat
	err := l.people[s.who].Do(t.Context(), http.MethodPost, "/api/v1/seats", api.Claim{Code: w.JoinCode, Email: fmt.Sprintf("p%d@example.org", s.who)}, &seat)
	l.kept.acknowledged(err, seat.ID, thing{kind: "seat", workshop: w.ID, who: s.who})
	return err
}

func (l *life) leaves(t *testing.T, s step) error {
	var seat api.Seat
	if err := l.people[s.who].Do(t.Context(), http.MethodGet, "/api/v1/seats/current", nil, &seat); err != nil {
		return err
	}
	l.kept.leaves(s.who)
	err := l.people[s.who].Do(t.Context(), http.MethodDelete, "/api/v1/seats/current", nil, nil)
	if l.kept.alone(s.who) { // or it may have been another seat
		l.kept.ended(err, seat.ID)
	}
	return err
}

func (l *life) releases(t *testing.T, s step, w api.Workshop) error {
	var seats api.Page[api.Seat]
	err := l.staff.Do(t.Context(), http.MethodGet, "/api/v1/seats?workshop="+w.ID, nil, &seats)
	if err != nil {
		return err
	}
	if len(seats.Items) == 0 {
		return errNothing
	}
	seat := seats.Items[s.of%uint64(len(seats.Items))].ID
	l.kept.mayEnd(seat)
	err = l.staff.Do(t.Context(), http.MethodPost, "/api/v1/seats/"+seat+"/release", nil, nil)
	l.kept.ended(err, seat)
	return err
}

// toAMachine has something done to a machine of a workshop, by staff or by AWS.
func (l *life) toAMachine(t *testing.T, s step, w api.Workshop) error {
	var machines api.Page[api.Machine]
	err := l.staff.Do(t.Context(), http.MethodGet, "/api/v1/machines?workshop="+w.ID, nil, &machines)
	if err != nil {
		return err
	}
	if len(machines.Items) == 0 {
		return errNothing
	}
	m := machines.Items[s.of%uint64(len(machines.Items))]
	if s.what != "interrupt" {
		return l.operation(t, "/api/v1/machines/"+m.ID+"/"+s.what, http.MethodPost)
	}
	if m.Instance == "" {
		return errNothing
	}
	if err = l.account.Interrupt(t.Context(), m.Instance); err != nil {
		require.ErrorContains(t, err, m.Instance) // it is not running, or not any more
	}
	return err
}

// errNothing is that there is nothing that something could happen to.
var errNothing = errors.New("there is nothing like that now")

// operation asks for one.
func (l *life) operation(t *testing.T, path, method string) error {
	var op api.Operation
	err := l.staff.Do(t.Context(), method, path, nil, &op)
	l.kept.acknowledged(err, op.ID, thing{kind: "operation"})
	return err
}

// schedules adds a schedule, which opens a workshop at once that begins in ten days, or
// ends one.
func (l *life) schedules(t *testing.T, s step) error {
	var there api.Page[api.Schedule]
	if err := l.staff.Do(t.Context(), http.MethodGet, "/api/v1/schedules", nil, &there); err != nil {
		return err
	}
	if n := uint64(len(there.Items)); n > 0 && s.of%2 == 0 || n > 2 {
		ends := there.Items[s.of%n].ID
		l.kept.mayEnd(ends)
		err := l.staff.Do(t.Context(), http.MethodDelete, "/api/v1/schedules/"+ends, nil, nil)
		l.kept.ended(err, ends)
		return err
	}
	var made api.Schedule
	err := l.staff.Do(t.Context(), http.MethodPost, "/api/v1/schedules", api.NewSchedule{
		Rule: "FREQ=WEEKLY", First: time.Now().AddDate(0, 0, 10).Format("2006-01-02T15:04"), Zone: "Europe/Berlin", Minutes: 60,
		Workshop: api.NewWorkshop{Name: "Every week", Pool: "gpu", Seats: 1},
	}, &made)
	l.kept.acknowledged(err, made.ID, thing{kind: "schedule"})
	return err
}
