package system

import (
	"flag"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/control"
)

var (
	crashes   = flag.Int("crashes", 25, "how often the allocator is killed while workshops go on")
	crashSeed = flag.Uint64("crash-seed", 0, "what happens then; 0: anything")
)

// life is a random life of workshops: what staff, people and AWS do, at any time and at
// once.
type life struct {
	*local
	account *control.Client
	staff   *api.Client
	people  []*api.Client
	kept    *kept
}

// spot is what makes a pool's machines such that AWS may take back. Of the local stack what
// was made on them is kept as it is, and keeping has it kept elsewhere.
const (
	spot    = "\n      market: spot"
	keeping = "\n      collect: [results/**]"
)

// Workshops are opened and ended, machines start, are rebooted, taken back and ended,
// people come and go, and at any moment of that the allocator is killed. What must never be
// never is, what was acknowledged is there, and in the end no instance is left.
func TestWorkshopsGoOnThoughTheAllocatorIsKilledAtAnyMoment(t *testing.T) {
	l, account := upWith(t, "", "maxMachines: 10", "maxMachines: 10"+spot)
	l.isKilled(t, account)
}

// Two allocators on one PostgreSQL, of which one is killed, or the other, or both.
func TestWorkshopsGoOnThoughTwoAllocatorsAreKilledAtAnyMoment(t *testing.T) {
	e := start(t, "--oidc", github)
	d, _ := e.two(t, "maxMachines: 5", "maxMachines: 5"+spot+keeping)
	d.isKilled(t, e.account)
}

func (of *local) isKilled(t *testing.T, account *control.Client) {
	t.Helper()
	seed := *crashSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("the seed is %d: -crash-seed=%d has the same happen", seed, seed)
	random := rand.New(rand.NewPCG(seed, 0))
	require.NoError(t, account.SetFaults(t.Context(), cloud.Faults{UnseenSeconds: 5}))
	l := &life{local: of, account: account, kept: newKept()}
	l.staff = l.admin(t)
	for range 6 {
		l.people = append(l.people, l.person(t))
	}
	for range *crashes {
		happening := make([]step, 1+random.IntN(4))
		for i := range happening {
			happening[i] = step{steps[random.IntN(len(steps))], random.IntN(len(l.people)), random.Uint64()}
		}
		l.kept.begin(happening)
		var all sync.WaitGroup
		for _, s := range happening {
			all.Go(func() { l.happens(t, s) })
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
	for _, w := range every[api.Workshop](t, l.staff, "/api/v1/workshops?") {
		l.kept.mayEnd(w.ID)
	}
	l.endAll(t, l.staff, account)
	eventually(t, "every machine has ended", func() bool { return len(l.machines(t, l.staff)) == 0 })
	eventually(t, "every operation has ended", func() bool {
		return len(ids(t, l.staff, "/api/v1/operations?only=running", func(o api.Operation) string { return o.ID })) == 0
	})
	l.holds(t)
	t.Logf("%d things were acknowledged; how often each was done: %v", len(l.kept.things), l.kept.done)
	for _, what := range steps {
		require.True(t, *crashes < 100 || l.kept.done[what] > 0, "%s never happened", what)
	}
}
