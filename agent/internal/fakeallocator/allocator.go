package fakeallocator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Allocator is an http.Handler that registers agents, takes their reports and
// holds their tunnels.
type Allocator struct {
	mux     *http.ServeMux
	tunnels chan *Tunnel

	mu            sync.Mutex
	sums          map[string]string // of the secrets, by the agents' ids
	registrations []api.Registration
	reports       chan api.Report
	setup         api.Setup
	open          map[*Tunnel]bool
	serving       int        // tunnels, from when they are asked for until nothing of them is left
	fewer         *sync.Cond // hears of each that has ended
	closing       bool
}

// New returns an allocator that knows no agents.
func New() *Allocator {
	a := &Allocator{
		mux:     http.NewServeMux(),
		tunnels: make(chan *Tunnel, 100),
		sums:    map[string]string{},
		reports: make(chan api.Report, 1000),
		open:    map[*Tunnel]bool{},
	}
	a.fewer = sync.NewCond(&a.mu)
	a.mux.HandleFunc("POST /api/v1/agents", a.register)
	a.mux.HandleFunc("POST /api/v1/agents/{id}/reports", a.report)
	a.mux.HandleFunc("GET /api/v1/agents/{id}/setup", a.tellSetup)
	a.mux.HandleFunc("GET /api/v1/agents/{id}/tunnel", a.tunnel)
	return a
}

// ServeHTTP answers an agent.
func (a *Allocator) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// Close breaks all tunnels, those that are asked for meanwhile as well, and waits
// until nothing of them is left. The allocator can go on afterwards, as after a
// restart.
func (a *Allocator) Close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closing = true
	for t := range a.open {
		go t.Close()
	}
	for a.serving > 0 {
		a.fewer.Wait()
	}
	a.closing = false
}

// Tunnels receives each tunnel that is opened.
func (a *Allocator) Tunnels() <-chan *Tunnel { return a.tunnels }

// Reports receives each report.
func (a *Allocator) Reports() <-chan api.Report { return a.reports }

// Registrations are the registrations until now.
func (a *Allocator) Registrations() []api.Registration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]api.Registration{}, a.registrations...)
}

// Know makes the allocator accept an agent.
func (a *Allocator) Know(id, secret string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sums[id] = api.SecretSum(secret)
}

// Forget makes the allocator refuse all agents that it knows.
func (a *Allocator) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.sums)
}

func (a *Allocator) register(w http.ResponseWriter, r *http.Request) {
	var said api.Registration
	if err := json.NewDecoder(r.Body).Decode(&said); err != nil {
		api.Problemf(api.Invalid, "Not a registration", "%v", err).Answer(w)
		return
	}
	answer(w, http.StatusCreated, api.Registered{
		AgentID: a.agentOf(said), MachineID: "mch_1", ReportInterval: 1, Protocol: api.Protocol,
	})
}

// agentOf is the id of the agent that registers: the one it has, or a new one.
func (a *Allocator) agentOf(said api.Registration) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.registrations = append(a.registrations, said)
	for id, sum := range a.sums {
		if sum == said.SecretSHA256 {
			return id
		}
	}
	id := fmt.Sprintf("agt_%d", len(a.registrations))
	a.sums[id] = said.SecretSHA256
	return id
}

func (a *Allocator) report(w http.ResponseWriter, r *http.Request) {
	if !a.admit(w, r) {
		return
	}
	var said api.Report
	if err := json.NewDecoder(r.Body).Decode(&said); err != nil {
		api.Problemf(api.Invalid, "Not a report", "%v", err).Answer(w)
		return
	}
	a.reports <- said
	answer(w, http.StatusOK, api.ReportAnswer{ReportInterval: 1, Protocol: api.Protocol, Setup: a.wanted().Sum})
}

// SetUp makes the allocator want machines to be set up.
func (a *Allocator) SetUp(s api.Setup) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.setup = s
}

func (a *Allocator) wanted() api.Setup {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.setup
}

func (a *Allocator) tellSetup(w http.ResponseWriter, r *http.Request) {
	if a.admit(w, r) {
		answer(w, http.StatusOK, a.wanted())
	}
}

func (a *Allocator) admit(w http.ResponseWriter, r *http.Request) bool {
	a.mu.Lock()
	sum := a.sums[r.PathValue("id")]
	a.mu.Unlock()
	secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || api.SecretSum(secret) != sum {
		api.Problemf(api.Unauthorized, "Unknown agent", "no agent %s has this secret", r.PathValue("id")).Answer(w)
		return false
	}
	return true
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
