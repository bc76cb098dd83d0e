package web

import (
	"net/http"
	"net/url"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// workView is the page of what was made in a workshop.
type workView struct {
	Workshop   api.Workshop
	People     []keptOf
	Files      int
	More       bool // whether there are more than are listed
	Bytes      int64
	Collects   []string
	Collecting *api.Operation // the newest that collects, while it does or if it was the last
}

// keptOf are the files of one participant.
type keptOf struct {
	Seat, Email string
	Files       []allocator.Kept
	Bytes       int64
}

// Link is where a file is downloaded.
func (k keptOf) Link(workshop string, f allocator.Kept) string {
	return "/admin/workshops/" + url.PathEscape(workshop) + "/collected/file?" + url.Values{"seat": {f.Seat}, "path": {f.Path}}.Encode()
}

func (s *server) routeWork(mux *routes) {
	mux.HandleFunc("GET /admin/workshops/{id}/work", s.forStaff(s.workPage))
	mux.HandleFunc("GET /admin/workshops/{id}/collected/live", s.forStaff(s.workLive))
	mux.HandleFunc("GET /admin/workshops/{id}/work.zip", s.forStaff(s.workZip))
	mux.HandleFunc("GET /admin/workshops/{id}/collected/file", s.forStaff(s.workFile))
	mux.HandleFunc("POST /admin/workshops/{id}/collect", s.forStaff(s.collectForm))
}

func (s *server) workPage(w http.ResponseWriter, r *http.Request) {
	v, err := s.collecting(r)
	var files []allocator.Kept
	if err == nil {
		files, err = s.Service.KeptOf(r.Context(), v.Workshop.ID, "")
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v.More = len(files) >= allocator.MostKept
	for _, f := range files {
		if len(v.People) == 0 || v.People[len(v.People)-1].Seat != f.Seat {
			v.People = append(v.People, keptOf{Seat: f.Seat, Email: f.Email})
		}
		of := &v.People[len(v.People)-1]
		of.Files, of.Bytes = append(of.Files, f), of.Bytes+f.Bytes
		v.Files, v.Bytes = v.Files+1, v.Bytes+f.Bytes
	}
	s.render(w, r, http.StatusOK, "work.html", v)
}

// collecting is how far it is to collect what people make now.
func (s *server) collecting(r *http.Request) (workView, error) {
	workshop, err := s.Service.Store.Workshop(r.Context(), r.PathValue("id"))
	if err != nil {
		return workView{}, err
	}
	v := workView{Workshop: s.workshop(r, workshop), Collects: s.collects(workshop)}
	operations, err := s.Service.Store.Operations(r.Context(), workshop.ID, listed)
	for _, o := range operations {
		if o.Kind == allocator.Collect {
			shown := toOperation(o)
			v.Collecting = &shown
			break
		}
	}
	return v, err
}

func (s *server) workLive(w http.ResponseWriter, r *http.Request) {
	s.live(w, r, "work.html", "collecting", func(*look) (any, error) { return s.collecting(r) })
}

func (s *server) collectForm(w http.ResponseWriter, r *http.Request) {
	if _, err := s.Service.CollectWork(r.Context(), s.sessionUser(r), r.PathValue("id")); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/admin/workshops/"+r.PathValue("id")+"/work", http.StatusSeeOther)
}

// workFile sends a browser to where a file is: an address of the bucket's, which is good
// for a while only, so that none stands on a page.
func (s *server) workFile(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	workshop, err := s.Service.Store.Workshop(r.Context(), r.PathValue("id"))
	var at string
	if err == nil {
		at, err = s.Service.KeptAt(r.Context(), workshop.ID, q.Get("seat"), q.Get("path"))
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, at, http.StatusSeeOther) //nolint:gosec // the bucket's address, as the allocator signed it
}
