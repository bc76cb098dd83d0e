package peer

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// machinesPath is where the machines are whose tunnels are here, each with what its
// agent serves.
const machinesPath = "/machines/"

// notHere is a header of the answer that a machine's tunnel is not here.
const notHere = "Lablink-Not-Here"

// Server answers other allocators, and nobody else.
type Server struct {
	// Identity is this allocator. Required.
	Identity *Identity
	// Knows says whether a certificate is that of an allocator. Required.
	Knows func(sum [32]byte) bool
	// Local reaches the agent of a machine whose tunnel is here. Required.
	Local func(machine string) (http.RoundTripper, bool)
	Log   *slog.Logger
}

// HTTP is the server, ready to serve a listener by ServeTLS.
func (s *Server) HTTP() *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc(machinesPath+"{machine}/", s.machine)
	return &http.Server{
		Handler: mux, TLSConfig: s.Identity.config(s.Knows), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
}

// machine passes a request on to a machine's agent. It is not forwarded again: the
// other allocator looks anew where the machine is.
func (s *Server) machine(w http.ResponseWriter, r *http.Request) {
	machine := r.PathValue("machine")
	local, here := s.Local(machine)
	if !here {
		refuse(w, allocator.NotConnected())
		return
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host, p.Out.Host = "http", "agent", "agent"
		},
		Transport: local, FlushInterval: -1, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if !errors.Is(r.Context().Err(), context.Canceled) {
				s.Log.Debug("a machine did not answer another allocator", "machine", machine, "error", err)
			}
			refuse(w, allocator.NotConnected())
		},
	}
	http.StripPrefix(machinesPath+machine, proxy).ServeHTTP(w, r)
}

func refuse(w http.ResponseWriter, p *api.Problem) {
	w.Header().Set("Content-Type", p.ContentType(""))
	w.Header().Set(notHere, "1")
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = json.NewEncoder(w).Encode(p)
}

// Serve answers on a listener until the server is shut down.
func Serve(server *http.Server, l net.Listener) error {
	err := server.ServeTLS(l, "", "")
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
