package sim

import (
	"context"
	_ "embed"
	"encoding/json"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/api/release"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/control"
	"github.com/talmolab/lablink-infrastructure/sim/wire"
)

// control answers people and the local stack's launcher beside the AWS API.
func (s *Sim) control(api http.Handler) http.Handler {
	own := closed(s.controls())
	mux := http.NewServeMux()
	mux.Handle("/", api)
	mux.Handle("/_simulator/", own)
	mux.Handle(wire.CloudflarePath, wire.NewCloudflare(s.Account))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			api.ServeHTTP(w, r)
			return
		}
		own.ServeHTTP(w, r)
	})
	return mux
}

// closed lets in this computer only, by a name that is its own: a page that is
// open in a browser here must not be able to open doors.
func closed(own http.Handler) http.Handler {
	own = http.NewCrossOriginProtection().Handler(own)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		peer, _, _ := net.SplitHostPort(r.RemoteAddr) // what is no address is refused
		if !isLoopback(peer) || host != "localhost" && !isLoopback(host) {
			http.Error(w, "the simulator's controls answer this computer only", http.StatusForbidden)
			return
		}
		own.ServeHTTP(w, r)
	})
}

func isLoopback(address string) bool {
	addr, err := netip.ParseAddr(address)
	return err == nil && addr.Unmap().IsLoopback()
}

func (s *Sim) controls() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := page.Execute(w, s.State()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("GET "+control.PathState, func(w http.ResponseWriter, _ *http.Request) { reply(w, s.State()) })
	mux.HandleFunc("GET "+control.PathCreated, func(w http.ResponseWriter, r *http.Request) {
		reply(w, map[string]string{"id": s.Account.Creation(r.URL.Query().Get("urn"))})
	})
	mux.HandleFunc("POST "+control.PathDoors, func(w http.ResponseWriter, r *http.Request) {
		var d control.Door
		take(w, r, &d, func() error { return s.doors.open(d) })
	})
	mux.HandleFunc("PUT "+control.PathFaults, func(w http.ResponseWriter, r *http.Request) {
		var f cloud.Faults
		take(w, r, &f, func() error { return s.Account.SetFaults(f) })
	})
	mux.HandleFunc("POST "+control.PathInterruptions, func(w http.ResponseWriter, r *http.Request) {
		var i control.Interruption
		take(w, r, &i, func() error { return s.interruptions.begin(s.Account, i.Instance) })
	})
	mux.HandleFunc("POST "+control.PathImages, s.buildImage)
	mux.HandleFunc("DELETE "+control.PathMachines, func(w http.ResponseWriter, r *http.Request) {
		if err := s.endMachines(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// buildImage says that a pipeline has built an image.
func (s *Sim) buildImage(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Pipeline string `json:"pipeline"`
	}
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	built, err := s.Account.BuildImage(in.Pipeline)
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	reply(w, map[string]string{"id": built.ID})
}

// endMachines ends what an allocator launched and waits until it is gone.
func (s *Sim) endMachines(ctx context.Context) error {
	var ids []string
	for _, i := range s.Account.Instances() {
		if i.Tags["lablink:managed-by"] == "allocator" && i.InstanceState != "terminated" {
			ids = append(ids, i.ID)
		}
	}
	if err := s.Account.Terminate(ids, true); err != nil {
		return err
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		left := slices.ContainsFunc(s.Account.Instances(), func(i cloud.Instance) bool {
			return slices.Contains(ids, i.ID) && i.InstanceState != "terminated"
		})
		if !left {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// program is the sum of the running executable, so that a launcher can tell a
// simulator that was built anew from one that runs already.
var program = sync.OnceValue(func() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return release.Sum(raw)
})

// State is what the simulator holds at this moment.
func (s *Sim) State() control.State {
	instances := s.Account.Instances()
	for i := range instances {
		instances[i].Script = "" // long, and shown elsewhere
	}
	state := control.State{
		PID: os.Getpid(), Dir: s.dir, Program: program(), API: s.API, Provider: s.Provider, Cloudflare: s.Cloudflare, Doors: s.doors.all(), Faults: s.Account.Faults(), Instances: instances,
	}
	if s.certificates != nil {
		state.Authority, state.DNS = s.certificates.state(), s.certificates.names.Address
	}
	return state
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func take(w http.ResponseWriter, r *http.Request, into any, do func() error) {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := do(); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))
