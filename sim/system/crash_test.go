package system

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/control"
)

var crashes = flag.Int("crashes", 25, "how often the allocator is killed while workshops go on")

// life is a random life of workshops: what staff and people do, at any time and at
// once.
type life struct {
	*local
	staff  *api.Client
	people []*api.Client
}

// Workshops are opened and ended, machines start and are ended, people come and go,
// and at any moment of that the allocator is killed. What must never be never is, and
// in the end no instance is left.
func TestWorkshopsGoOnThoughTheAllocatorIsKilledAtAnyMoment(t *testing.T) {
	l := up(t)
	account, err := l.StartSimulator(t.Context())
	require.NoError(t, err)
	l.isKilled(t, account)
}

// Two allocators on one PostgreSQL, of which one is killed, or the other, or both.
func TestWorkshopsGoOnThoughTwoAllocatorsAreKilledAtAnyMoment(t *testing.T) {
	e := start(t, "--oidc", github)
	d, _ := e.two(t)
	d.isKilled(t, e.account)
}

func (of *local) isKilled(t *testing.T, account *control.Client) {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("the seed is %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	l := &life{local: of}
	l.staff = l.admin(t)
	for range 6 {
		l.people = append(l.people, l.person(t))
	}
	for range *crashes {
		var all sync.WaitGroup
		for range 1 + random.IntN(4) {
			step, who, what := random.IntN(5), random.IntN(len(l.people)), random.Uint64()
			all.Go(func() { l.happens(t, step, who, what) })
		}
		time.Sleep(time.Duration(random.IntN(400)) * time.Millisecond) // the moment is what is tried
		pids := l.serving(t)
		random.Shuffle(len(pids), func(i, j int) { pids[i], pids[j] = pids[j], pids[i] })
		for _, pid := range pids[:min(len(pids), 1+random.IntN(2))] {
			require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
		}
		all.Wait()
		l.answers(t)
		l.holds(t)
	}
	l.endAll(t, l.staff, account)
	eventually(t, "every machine has ended", func() bool { return len(l.machines(t, l.staff)) == 0 })
	l.holds(t)
}

// happens does one thing. It may be cut short, and it may be refused, but never for a
// reason that nobody can explain.
func (l *life) happens(t *testing.T, step, who int, what uint64) {
	var page api.Page[api.Workshop]
	err := l.staff.Do(t.Context(), http.MethodGet, "/api/v1/workshops?limit=3", nil, &page)
	if len(page.Items) == 0 || step == 0 && page.Items[0].State != "open" {
		err = l.staff.Do(t.Context(), http.MethodPost, "/api/v1/workshops", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 2, Spares: int(what % 2)}, nil)
	} else {
		w := page.Items[what%uint64(len(page.Items))]
		var machines api.Page[api.Machine]
		switch step {
		case 0, 1:
			err = l.people[who].Do(t.Context(), http.MethodPost, "/api/v1/seats", api.Claim{Code: w.JoinCode, Email: fmt.Sprintf("p%d@example.org", who)}, nil)
		case 2:
			err = l.people[who].Do(t.Context(), http.MethodDelete, "/api/v1/seats/current", nil, nil)
		case 3:
			err = l.staff.Do(t.Context(), http.MethodGet, "/api/v1/machines?workshop="+w.ID, nil, &machines)
			if n := uint64(len(machines.Items)); n > 0 {
				err = l.staff.Do(t.Context(), http.MethodPost, "/api/v1/machines/"+machines.Items[what%n].ID+"/terminate", nil, nil)
			}
		case 4:
			if what%4 == 0 {
				err = l.staff.Do(t.Context(), http.MethodDelete, "/api/v1/workshops/"+w.ID, nil, nil)
			}
		}
	}
	if refused := (*api.Problem)(nil); errors.As(err, &refused) {
		require.NotEqual(t, api.Internal, refused.Code, "%v", err)
	}
}

// holds looks whether what must never be is not.
func (l *life) holds(t *testing.T) {
	t.Helper()
	var page api.Page[api.Workshop]
	require.NoError(t, l.staff.Do(t.Context(), http.MethodGet, "/api/v1/workshops?limit=200", nil, &page))
	held, instances := map[string]string{}, map[string]string{}
	for _, w := range page.Items {
		var seats api.Page[api.Seat]
		require.NoError(t, l.staff.Do(t.Context(), http.MethodGet, "/api/v1/seats?workshop="+w.ID, nil, &seats))
		require.True(t, w.State == "open" || len(seats.Items) == 0, "a workshop that has ended has seats: %+v", seats.Items)
		people, assigned := map[string]bool{}, 0
		for _, s := range seats.Items {
			require.False(t, people[s.Email], "%s has two seats of %s", s.Email, w.ID)
			people[s.Email] = true
			if s.State == "assigned" {
				assigned++
				require.Empty(t, held[s.Machine], "%s is held twice", s.Machine)
				held[s.Machine] = s.ID
			}
		}
		require.LessOrEqual(t, assigned, w.Seats)
	}
	for _, m := range l.machines(t, l.staff) {
		require.NotEmpty(t, m.Reason)
		if m.Instance != "" {
			require.Empty(t, instances[m.Instance], "two machines have one instance")
			instances[m.Instance] = m.ID
		}
	}
}
