package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// endsForm changes when a workshop ends: soon, later than it would, or at a time.
func (s *server) endsForm(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	end, err := s.newEnd(r.Context(), r, id)
	if err == nil {
		_, err = s.Service.ChangeWorkshop(r.Context(), s.sessionUser(r), id, api.WorkshopChange{EndsAt: &end})
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/admin/workshops/"+id, http.StatusSeeOther)
}

// newEnd reads the form. A time that was typed counts before what was chosen.
func (s *server) newEnd(ctx context.Context, r *http.Request, id string) (end time.Time, err error) {
	at, err := typedTime(r, "ends_at")
	if err != nil {
		return end, err
	}
	if at != nil {
		return *at, nil
	}
	how, digits, _ := strings.Cut(r.PostFormValue("when"), "-")
	minutes, err := strconv.Atoi(digits)
	if err != nil || minutes < 1 || minutes > 24*60 || how != "in" && how != "later" {
		return end, api.Problemf(api.Invalid, "When should it end?", "Choose one of the times, or type one.")
	}
	by := time.Duration(minutes) * time.Minute
	if how == "in" {
		return s.Service.Now().Add(by), nil
	}
	w, err := s.Service.Store.Workshop(ctx, id)
	switch {
	case err != nil:
		return end, err
	case w.State == allocator.Ended:
		return end, api.Problemf(api.Conflict, "The workshop has ended", "Open another one.")
	case w.EndsAt.IsZero():
		return end, api.Problemf(api.Conflict, "The workshop has no end", "It goes on until you end it. Type a time if it is to end by itself.")
	}
	return laterThan(r.PostFormValue("from"), w.EndsAt, by)
}

// laterThan is an end that is moved from where a page showed it: a form that is sent twice
// moves it once. Conflict where somebody else has moved it since.
func laterThan(shown string, is time.Time, by time.Duration) (time.Time, error) {
	from, err := time.Parse(time.RFC3339Nano, shown)
	switch {
	case shown == "", err == nil && from.Equal(is):
		return is.Add(by), nil
	case err == nil && from.Add(by).Equal(is):
		return is, nil
	}
	return is, api.Problemf(api.Conflict, "The end was changed meanwhile", "Somebody else has set another one, which the workshop's page shows. Look at it, and change it again if you still want to.")
}

func (s *server) endForm(w http.ResponseWriter, r *http.Request) {
	if _, err := s.Service.EndWorkshop(r.Context(), s.sessionUser(r), r.PathValue("id")); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/admin/workshops/"+r.PathValue("id"), http.StatusSeeOther)
}
