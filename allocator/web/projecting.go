package web

import (
	"html/template"
	"net/http"

	"github.com/talmolab/lablink-infrastructure/api"
)

// projectView is the page that is shown to a room: how to join.
type projectView struct {
	Workshop api.Workshop
	Site     string // where it is typed
	Code     string // as it is read aloud
	QR       template.HTML
	Joined   int
}

func (s *server) projectData(r *http.Request) (projectView, error) {
	workshop, err := s.Service.Store.Workshop(r.Context(), r.PathValue("id"))
	if err != nil {
		return projectView{}, err
	}
	seats, err := s.Service.Store.Seats(r.Context(), workshop.ID)
	v := projectView{Workshop: s.workshop(r, workshop), Joined: len(seats)}
	v.Site, v.Code = r.Host, v.Workshop.JoinCode
	if len(v.Code) == 8 {
		v.Code = v.Code[:4] + " " + v.Code[4:]
	}
	return v, err
}

func (s *server) projectPage(w http.ResponseWriter, r *http.Request) {
	v, err := s.projectData(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if v.QR, err = qrCode(v.Workshop.JoinURL, v.Workshop.JoinURL); err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "project.html", v)
}

func (s *server) projectLive(w http.ResponseWriter, r *http.Request) {
	s.live(w, r, "project.html", "joined", func(*look) (any, error) { return s.projectData(r) })
}
