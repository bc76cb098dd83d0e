package web

import (
	"net/http"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Remote is a desktop that is connected with a code that its participant brings. A
// *crd.Desktop is one.
type Remote interface {
	Connect(in api.StartRemote) error
	Status() api.RemoteDesktop
}

// WithRemote answers POST and GET /remote.
func WithRemote(d Remote) Part {
	return func(mux *http.ServeMux) {
		mux.HandleFunc("POST /remote", func(w http.ResponseWriter, r *http.Request) {
			var in api.StartRemote
			if read(w, r, &in) {
				answer(w, d.Status, d.Connect(in))
			}
		})
		mux.HandleFunc("GET /remote", func(w http.ResponseWriter, _ *http.Request) { show(w, d.Status()) })
	}
}
