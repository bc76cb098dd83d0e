package web

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"

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

// workFile gives one file, as something to keep and not to show: whoever made it said what is
// in it. It comes from here, as the archive does, so that no page leads to another host.
func (s *server) workFile(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	workshop, err := s.Service.Store.Workshop(r.Context(), r.PathValue("id"))
	var file io.ReadCloser
	if err == nil {
		file, err = s.Service.KeptAt(r.Context(), workshop.ID, q.Get("seat"), q.Get("path"))
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer file.Close()
	attached(w, "application/octet-stream", path.Base(q.Get("path")))
	if _, err := io.Copy(patient{w}, file); err != nil {
		s.Log.WarnContext(r.Context(), "a file of work was not sent as a whole", "workshop", workshop.ID, "error", err)
		panic(http.ErrAbortHandler) // so that the browser says that the download failed
	}
}

// attached begins an answer that is a file to keep.
func attached(w http.ResponseWriter, kind, name string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": windowsName(name)}))
}
