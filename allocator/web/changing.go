package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// changeForm changes a workshop. What is left empty stays.
func (s *server) changeForm(w http.ResponseWriter, r *http.Request) {
	if err := readForm(r); err != nil {
		s.fail(w, r, err)
		return
	}
	change, err := workshopChange(r)
	if err == nil {
		_, err = s.Service.ChangeWorkshop(r.Context(), s.sessionUser(r), r.PathValue("id"), change)
	}
	if err != nil {
		if p, ok := s.shown(w, r, err); ok {
			s.showWorkshop(w, r, p.HTTP, func(v *workshopView) {
				v.Problem, v.Typed = p, typed(r.PostForm)
				v.Typed.paste("invite", change.Invite)
			})
		}
		return
	}
	http.Redirect(w, r, "/admin/workshops/"+r.PathValue("id")+"?changed", http.StatusSeeOther)
}

// workshopChange reads the form.
func workshopChange(r *http.Request) (api.WorkshopChange, error) {
	var change api.WorkshopChange
	var err error
	if change.Invite, err = rosterOf(r, "invite", "invite_file"); err != nil {
		return change, err
	}
	if change.Uninvite, err = rosterOf(r, "uninvite", ""); err != nil {
		return change, err
	}
	if on := r.PostFormValue("previews"); on != "" {
		change.Previews = new(on == "yes")
	}
	if r.PostFormValue("everybody") != "" {
		change.Roster = &[]string{}
	}
	for _, f := range []struct {
		name       string
		least, top int // as in the wire type
		to         **int
	}{
		{"seats", 1, 1000, &change.Seats},
		{"spares", 0, 100, &change.Spares},
		{"session_minutes", 0, 100_000, &change.SessionMinutes},
		{"idle_minutes", 0, 100_000, &change.IdleMinutes},
	} {
		typed := strings.TrimSpace(r.PostFormValue(f.name))
		if typed == "" {
			continue
		}
		n, err := strconv.Atoi(typed)
		if err != nil || n < f.least || n > f.top {
			return change, api.Problemf(api.Invalid, "That is no number for it", "%s: %q is not a whole number from %d to %d.", f.name, typed, f.least, f.top)
		}
		*f.to = &n
	}
	if typed := r.PostFormValue("budget_usd"); strings.TrimSpace(typed) != "" {
		usd := money(typed)
		change.BudgetUSD = &usd
	}
	change.EndsAt, err = typedTime(r, "ends_at")
	if err != nil {
		return change, fmt.Errorf("read the form: %w", err)
	}
	return change, nil
}
