package vnc

import (
	"net/http"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/viewer"
)

// Handler answers below /desktop/ with the page that shows the desktop, and with its
// stream.
func (d *Desktop) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /desktop/{$}", func(w http.ResponseWriter, r *http.Request) {
		viewer.Page(w, viewer.View{Language: viewer.Spoken(r.Header.Get(api.WordsHeader)), Stream: "stream", Watched: "watched", Back: "/seat", Assets: ""})
	})
	mux.HandleFunc("GET /desktop/viewer.js", viewer.Asset)
	mux.HandleFunc("GET /desktop/viewer.css", viewer.Asset)
	mux.HandleFunc("GET /desktop/stream", d.Stream)
	mux.HandleFunc("GET /desktop/watched", d.watched)
	mux.HandleFunc("GET /desktop/preview", d.Preview)
	return mux
}

// Problem answers with what is wrong.
func Problem(w http.ResponseWriter, p *api.Problem) {
	w.Header().Set("Cache-Control", "no-store")
	p.Answer(w)
}
