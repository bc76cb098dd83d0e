package web

import (
	"net/http"
	"net/url"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// connectView is the page on which a participant brings their code for Chrome Remote
// Desktop. What they brought is not shown again.
type connectView struct {
	Seat    allocator.Seat
	Ready   bool // whether the machine is connected already
	Problem *api.Problem
}

func (s *server) connectPage(w http.ResponseWriter, r *http.Request) {
	s.showConnect(w, r, r.URL.Query().Get("seat"), nil)
}

func (s *server) showConnect(w http.ResponseWriter, r *http.Request, id string, p *api.Problem) {
	seat, err := s.Service.HeldSeat(r.Context(), s.seatToken(r), id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	live, status := s.Service.Look(r.Context(), seat), http.StatusOK
	if p != nil {
		status = p.HTTP
		setRetryAfter(w, p)
	}
	s.render(w, r, status, "connect.html", connectView{seat, live.Remote != nil && live.Remote.State == api.RemoteReady, p})
}

// connect hands a participant's code to their machine.
func (s *server) connect(w http.ResponseWriter, r *http.Request) {
	id, err := s.named(r)
	if err == nil {
		_, err = s.Service.ConnectSeat(r.Context(), s.seatToken(r), id, r.PostFormValue("command"), r.PostFormValue("again") != "")
	}
	if err != nil && id != "" {
		s.showConnect(w, r, id, s.asProblem(r.Context(), err))
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/seat?seat="+url.QueryEscape(id), http.StatusSeeOther)
}
