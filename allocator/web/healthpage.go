package web

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Facts are what the allocator knows of its own process and host.
type Facts struct {
	Started    time.Time
	Engine     string // of the database: sqlite or postgres
	Goroutines int
	Memory     int64 // that the process has of the system, in bytes
	Tunnels    int   // that are up at this allocator
	// Leads says whether this allocator does what one of several does; nil where it is
	// alone.
	Leads *bool
	// Self is this allocator among the peers.
	Self string
	// BackedUp is when somebody made a backup by hand last, CertificateEnds when the
	// certificate does; zero where that is not known.
	BackedUp, CertificateEnds time.Time
	// Jobs are those of the queue that are still to run or were given up, by state.
	Jobs map[string]int
}

// healthView is the page of how the allocator is.
type healthView struct {
	Facts
	Version, Release string
	Rollout          api.Rollout
	Checks           []checkLine
	Ready            bool
	Peers            []peerLine
	Agents           []agentVersion
	Connected        int // machines whose tunnels are up, at any allocator
	Living           int // machines that should have one
	Bytes            int64
	Restored         time.Time
	JobStates        []stateCount
}

// checkLine is a check, and since when it is as it is.
type checkLine struct {
	api.Check
	Since time.Time
}

// peerLine is one of the allocators.
type peerLine struct {
	allocator.Peer
	Self, SameRelease bool
}

// agentVersion is how many agents are of a version.
type agentVersion struct {
	Version, Release string
	Count            int
	Failed           int // of how many the machine gave a newer one up
}

// sinces remembers since when each check is as it is.
type sinces struct {
	mu    sync.Mutex
	first map[string]time.Time
	was   map[string]bool
}

// of is since when a check is ok, or not. Before it was looked at for the first time
// nobody knows.
func (s *sinces) of(name string, ok bool, now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first == nil {
		s.first, s.was = map[string]time.Time{}, map[string]bool{}
	}
	if was, seen := s.was[name]; !seen || was != ok {
		s.first[name], s.was[name] = now, ok
	}
	return s.first[name]
}

func (s *server) healthData(ctx context.Context) (healthView, error) {
	v := healthView{Version: s.Version, Release: s.Release}
	if s.Facts != nil {
		v.Facts = s.Facts(ctx)
	}
	if s.Rollout != nil {
		v.Rollout = s.Rollout()
	}
	checks := s.check(ctx)
	v.Ready = passed(checks)
	for _, c := range checks {
		v.Checks = append(v.Checks, checkLine{c, s.since.of(c.Name, c.OK, s.Service.Now())})
	}
	for state, n := range v.Jobs {
		if n > 0 {
			v.JobStates = append(v.JobStates, stateCount{state, n})
		}
	}
	slices.SortFunc(v.JobStates, func(a, b stateCount) int { return cmp.Compare(a.State, b.State) })
	if err := s.healthOfMachines(ctx, &v); err != nil {
		return v, err
	}
	return v, s.healthOfStore(ctx, &v)
}

// healthOfStore tells of the database, and of the allocators that share it.
func (s *server) healthOfStore(ctx context.Context, v *healthView) (err error) {
	if v.Bytes, err = s.Service.Store.Size(ctx); err != nil {
		return err
	}
	if v.Restored, err = s.Service.Store.RestoredAt(ctx); err != nil {
		return err
	}
	peers, err := s.Service.Store.ListPeers(ctx)
	for _, p := range peers {
		v.Peers = append(v.Peers, peerLine{p, p.ID == v.Self, p.Release == s.Release})
	}
	return err
}

// healthOfMachines counts agents by their versions, and tunnels.
func (s *server) healthOfMachines(ctx context.Context, v *healthView) error {
	machines, err := s.Service.Store.Machines(ctx, "", false)
	if err != nil {
		return err
	}
	agents := map[[2]string]*agentVersion{}
	for _, m := range machines {
		if tunnelled(m.State) {
			v.Living++
		}
		if m.Connected {
			v.Connected++
		}
		if m.Says.Version == "" {
			continue
		}
		of := [2]string{m.Says.Version, m.Says.Release}
		if agents[of] == nil {
			agents[of] = &agentVersion{Version: of[0], Release: of[1]}
		}
		agents[of].Count++
		if m.Says.Failed != nil {
			agents[of].Failed++
		}
	}
	for _, a := range agents {
		v.Agents = append(v.Agents, *a)
	}
	slices.SortFunc(v.Agents, func(a, b agentVersion) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Release, b.Release))
	})
	return nil
}

// tunnelled reports whether a machine in a state should have its tunnel up.
func tunnelled(state allocator.MachineState) bool {
	return slices.Contains([]allocator.MachineState{allocator.Ready, allocator.Assigned, allocator.Unhealthy}, state)
}
