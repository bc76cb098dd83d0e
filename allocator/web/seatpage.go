package web

import (
	"net/http"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// What a participant's page shows.
const (
	showsQueue     = "queue"     // they wait
	showsAway      = "away"      // their machine does not answer
	showsStarting  = "starting"  // their desktop is being started
	showsDesktop   = "desktop"   // it is there
	showsRemote    = "remote"    // it is shown by Google
	showsElsewhere = "elsewhere" // the desktop of this browser is that of another seat
	showsMachine   = "machine"   // there is none to show
)

// seatView is a participant's page.
type seatView struct {
	Seat     allocator.Seat
	Workshop allocator.Workshop
	PIN      string
	Live     seatLive
	Source   string // where it hears what changes
	Collects bool   // whether files are kept when the participant leaves
}

// Desk reports whether the page is the desktop, and a bar.
func (v seatView) Desk() bool { return v.Live.Shows == showsDesktop }

// seatLive is what moves on it.
type seatLive struct {
	api.Live
	Shows string
	Ends  *seatEnd // of the machine's time; nil: nobody knows when
}

// seatEnd is when a machine's time ends, and why: session, workshop or budget.
type seatEnd struct {
	At  *time.Time
	Why string
}

// Held reports whether the participant has a machine.
func (l seatLive) Held() bool { return l.Shows != showsQueue }

// Session is the session that the machine has, or "".
func (l seatLive) Session() string {
	if l.Status == nil || l.Status.Session == nil {
		return ""
	}
	return l.Status.Session.ID
}

// Watched and Controlled report whether staff sees the desktop, or works on it.
func (l seatLive) Watched() bool {
	return l.Status != nil && l.Status.Session != nil && l.Status.Session.Watchers > 0
}

// Controlled reports whether staff works on the desktop.
func (l seatLive) Controlled() bool { return l.Watched() && l.Status.Session.Controllers > 0 }

// Failing reports whether the desktop could not be started, and is tried again.
func (l seatLive) Failing() bool {
	return l.Status != nil && l.Status.Session != nil && l.Status.Session.Trouble != ""
}

// Ill is what is wrong with the machine, as its participant is told by what they can do;
// "" where that is nothing to them.
func (l seatLive) Ill() string {
	switch {
	case l.Status == nil:
		return ""
	case l.Status.Health == api.Unhealthy:
		return "broken"
	case l.Status.Action == api.Restart:
		return "restart"
	case l.Status.Health == api.Degraded && l.Status.Action == api.NoAction:
		return "slow"
	case l.Status.Health == api.Degraded:
		return "limited"
	}
	return ""
}

// moving is what moves on the page of a seat. Last is the one that the browser used last,
// whose desktop it gets.
func moving(live api.Live, last string) seatLive {
	return seatLive{Live: live, Shows: shows(live, last), Ends: ending(live.Seat)}
}

func shows(live api.Live, last string) string {
	switch {
	case live.Seat.State == string(allocator.SeatQueued):
		return showsQueue
	case !live.Reachable:
		return showsAway
	case live.Starting != "":
		return showsStarting
	}
	session := live.Status.Session
	switch {
	case session == nil:
		return showsMachine
	case session.Desktop == allocator.Remote:
		return showsRemote
	case !allocator.Watchable(session.Desktop):
		return showsMachine
	case live.Seat.ID != last:
		return showsElsewhere
	}
	return showsDesktop
}

// ending is what ends first.
func ending(seat api.Seat) *seatEnd {
	var first *seatEnd
	for _, end := range []seatEnd{{seat.WorkshopEndsAt, "workshop"}, {seat.BudgetEndsAt, "budget"}, {seat.EndsAt, "session"}} {
		if end.At != nil && (first == nil || end.At.Before(*first.At)) {
			first = &end
		}
	}
	return first
}

func (s *server) seatPage(w http.ResponseWriter, r *http.Request) {
	seat, err := s.Service.HeldSeat(r.Context(), s.seatToken(r), r.URL.Query().Get("seat"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	workshop, err := s.Service.Store.Workshop(r.Context(), seat.WorkshopID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	view := seatView{
		Seat: seat, Workshop: workshop, PIN: seat.PINFor(s.seatToken(r)), Source: "/seat/live?seat=" + seat.ID, Collects: len(s.collects(workshop)) > 0,
		Live: moving(s.look(r.Context(), seat), s.lastSeat(r, seat.ID)),
	}
	if view.Desk() {
		framing(w.Header())
	}
	s.render(w, r, http.StatusOK, "seat.html", view)
	s.readsPreviews(r.Context(), seat)
}

// lastSeat is the seat that a browser used last: this one, as far as nobody can tell.
func (s *server) lastSeat(r *http.Request, this string) string {
	seat, err := s.Service.SeatOf(r.Context(), s.seatToken(r))
	if err != nil {
		return this
	}
	return seat.ID
}
