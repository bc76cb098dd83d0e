package web

import (
	"context"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// connectOperation is the same for programs.
func (s *server) connectOperation(a huma.API) {
	huma.Register(a, huma.Operation{
		OperationID: "connect-seat", Method: http.MethodPost, Path: "/api/v1/seats/current/remote", Summary: "Connect the machine with Chrome Remote Desktop, by a code of the participant's; how that goes is in its events",
		Tags: []string{"participant"}, Security: []map[string][]string{{"seat": {}}}, DefaultStatus: http.StatusAccepted, Errors: []int{404, 409},
	}, func(ctx context.Context, in *struct {
		ownSeat
		Body api.Connect
	},
	) (*struct{}, error) {
		if _, err := s.Service.ConnectSeat(ctx, s.seatToken(in.request), in.Seat, in.Body.Command, in.Body.Again); err != nil {
			return nil, s.refuse(ctx, err)
		}
		return nil, nil
	})
}

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
	if err == nil {
		err = s.Service.Connectable(r.Context(), seat)
	}
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
