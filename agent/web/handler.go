package web

import (
	"fmt"
	"net/http"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Machine is what the handler shows. An *agent.Machine is one.
type Machine interface {
	// Status looks at the machine and says how it is at this moment.
	Status() api.Status
}

// Part adds to what the agent answers.
type Part func(mux *http.ServeMux)

// Handler answers GET /status with the machine's state at this moment
// (api.Status), GET /healthz for as long as the agent works, and GET /desktop/, where
// its participant comes, with a line of text, unless a part shows a desktop there. Parts
// add what else it answers.
func Handler(m Machine, parts ...Part) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		show(w, m.Status())
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("/desktop/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/desktop/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = fmt.Fprintf(w, "This machine has no desktop yet. It is %s.\n", m.Status().Health)
	})
	for _, add := range parts {
		add(mux)
	}
	return mux
}
