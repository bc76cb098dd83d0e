package sim

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"os"
	"sync"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/machine"
)

// Control paths stand beside the AWS API, which never asks for them.
const (
	pathState   = "/_simulator/state"
	pathDoors   = "/_simulator/doors"
	pathFaults  = "/_simulator/faults"
	pathCreated = "/_simulator/created"
)

// State is what the simulator says of itself.
type State struct {
	PID       int              `json:"pid"`
	API       string           `json:"api"`
	Provider  int              `json:"provider"`
	Doors     []Door           `json:"doors"`
	Faults    cloud.Faults     `json:"faults"`
	Instances []cloud.Instance `json:"instances"`
}

// control answers people and the local stack's launcher beside the AWS API.
func (s *Sim) control(api http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", api)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			api.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := page.Execute(w, s.State()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("GET "+pathState, func(w http.ResponseWriter, _ *http.Request) { reply(w, s.State()) })
	mux.HandleFunc("GET "+pathCreated, func(w http.ResponseWriter, r *http.Request) {
		reply(w, map[string]string{"id": s.Account.Creation(r.URL.Query().Get("urn"))})
	})
	mux.HandleFunc("POST "+pathDoors, func(w http.ResponseWriter, r *http.Request) {
		var d Door
		take(w, r, &d, func() error { return s.doors.open(d) })
	})
	mux.HandleFunc("PUT "+pathFaults, func(w http.ResponseWriter, r *http.Request) {
		var f cloud.Faults
		take(w, r, &f, func() error { return s.Account.SetFaults(f) })
	})
	return mux
}

// State is what the simulator holds at this moment.
func (s *Sim) State() State {
	instances := s.Account.Instances()
	for i := range instances {
		instances[i].Script = "" // long, and shown elsewhere
	}
	return State{
		PID: os.Getpid(), API: s.API, Provider: s.Provider, Doors: s.doors.all(), Faults: s.Account.Faults(), Instances: instances,
	}
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

// Door is an address on this computer that leads to a public address of the
// account.
type Door struct {
	Listen  string `json:"listen"` // 127.0.0.1:8080
	Address string `json:"address"`
	Port    int    `json:"port"`
}

// doorList remembers the doors over a restart.
type doorList struct {
	mu       sync.Mutex
	file     string
	machines *machine.Host
	doors    []Door
}

func (l *doorList) open(d Door) error {
	if l.machines == nil {
		return errors.New("this simulator does not boot machines")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, old := range l.doors {
		if old == d {
			return nil
		}
	}
	if err := l.machines.OpenDoor(d.Listen, d.Address, d.Port); err != nil {
		return err
	}
	kept := []Door{d}
	for _, old := range l.doors {
		if old.Listen != d.Listen {
			kept = append(kept, old)
		}
	}
	l.doors = kept
	raw, err := json.Marshal(l.doors)
	if err != nil {
		return fmt.Errorf("remember the doors: %w", err)
	}
	return os.WriteFile(l.file, raw, 0o600)
}

func (l *doorList) restore() error {
	raw, err := os.ReadFile(l.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var doors []Door
	if err == nil {
		err = json.Unmarshal(raw, &doors)
	}
	if err != nil {
		return fmt.Errorf("read the doors: %w", err)
	}
	for _, d := range doors {
		if err := l.open(d); err != nil {
			return err
		}
	}
	return nil
}

func (l *doorList) all() []Door {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Door{}, l.doors...)
}

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))
