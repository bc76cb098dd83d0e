package web

import (
	"net/http"
	"net/url"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// joinView is the page on which a participant claims a seat.
type joinView struct {
	Workshop allocator.Workshop
	Email    string
	NeedsPIN bool
	Later    bool // whether it has not begun
	Left     bool // whether they have just left it
	Problem  *api.Problem
}

func (s *server) joining(w allocator.Workshop) joinView {
	return joinView{Workshop: w, Later: s.Service.Now().Before(w.StartsAt)}
}

func (s *server) joinPage(w http.ResponseWriter, r *http.Request) {
	workshop, err := s.Service.Store.WorkshopByCode(r.Context(), allocator.NormalCode(r.PathValue("code")))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if seat, err := s.Service.SeatOf(r.Context(), s.seatToken(r)); err == nil && seat.WorkshopID == workshop.ID {
		http.Redirect(w, r, "/seat", http.StatusSeeOther)
		return
	}
	if s.seatToken(r) == "" { // known before it is used, so that a claim whose answer is lost can be repeated
		http.SetCookie(w, s.seatCookie(allocator.NewToken()))
	}
	view := s.joining(workshop)
	view.Left = r.URL.Query().Has("left")
	s.render(w, r, http.StatusOK, "join.html", view)
}

func (s *server) join(w http.ResponseWriter, r *http.Request) {
	workshop, err := s.Service.Store.WorkshopByCode(r.Context(), allocator.NormalCode(r.PathValue("code")))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	claim := api.Claim{Code: workshop.JoinCode, Email: r.PostFormValue("email"), PIN: r.PostFormValue("pin")}
	claimed, err := s.claim(r, claim)
	if err != nil {
		p := s.asProblem(r.Context(), err)
		view := s.joining(workshop)
		view.Email, view.NeedsPIN, view.Problem = claim.Email, p.Code == api.Forbidden && p.Title != allocator.NotInvited, p
		setRetryAfter(w, p)
		s.render(w, r, p.HTTP, "join.html", view)
		return
	}
	http.SetCookie(w, s.seatCookie(claimed.Token))
	http.Redirect(w, r, "/seat", http.StatusSeeOther)
}

// seatLive keeps the machine's part of the page up to date.
func (s *server) seatLive(w http.ResponseWriter, r *http.Request) {
	updates := newUpdates(w, r, "live")
	s.watchSeat(r.Context(), r, r.URL.Query().Get("seat"), func(seat allocator.Seat, now api.Live) error {
		html, err := s.fragment(r, "seat.html", "live", moving(now, s.lastSeat(r, now.Seat.ID)))
		if err == nil {
			err = updates.show(html)
		}
		if err == nil {
			s.readsPreviews(r.Context(), seat)
		}
		return err
	}, func(error) { _ = updates.send("gone", "/seat") })
}

// extend keeps the machine for another session.
func (s *server) extend(w http.ResponseWriter, r *http.Request) {
	seat, err := s.named(r)
	if err == nil {
		_, err = s.Service.ExtendSeat(r.Context(), s.seatToken(r), seat)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/seat?seat="+url.QueryEscape(seat), http.StatusSeeOther)
}

// named is the seat of the page that a form is on: a browser may hold several.
func (s *server) named(r *http.Request) (string, error) {
	if id := r.PostFormValue("seat"); id != "" {
		return id, nil
	}
	return "", api.Problemf(api.Invalid, "It is not said which seat that is for", "Load the page again, and try once more.")
}

func (s *server) leave(w http.ResponseWriter, r *http.Request) {
	id, err := s.named(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	seat, err := s.Service.LeaveSeat(r.Context(), s.seatToken(r), id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	workshop, err := s.Service.Store.Workshop(r.Context(), seat.WorkshopID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/join/"+workshop.JoinCode+"?left", http.StatusSeeOther)
}
