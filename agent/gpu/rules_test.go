package gpu_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/agent/gpu/gputest"
	"github.com/talmolab/lablink-infrastructure/agent/inject"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// world is GPUs that can be broken.
type world struct {
	*gpu.GPUs
	nvml     *gputest.Machine
	injector *inject.Injector
	clock    clock
}

// clock is moved while events are heard.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time { return c.move(0) }

func (c *clock) move(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}

// watch looks at GPUs, and waits for what they tell until the test ends.
func watch(t *testing.T, gpus ...gputest.GPU) *world {
	t.Helper()
	return start(t, gputest.New(gpus...), nil, "boot-1")
}

func start(t *testing.T, nvml *gputest.Machine, keeper gpu.Keeper, boot string) *world {
	t.Helper()
	return begin(t, nvml, keeper, boot, gputest.Case{})
}

// begin is with a fault that may be older than the agent.
func begin(t *testing.T, nvml *gputest.Machine, keeper gpu.Keeper, boot string, c gputest.Case) *world {
	t.Helper()
	w := &world{nvml: nvml, injector: inject.New(nvml), clock: clock{now: noon}}
	w.GPUs = gpu.New(gpu.Config{NVML: w.injector, Boot: boot, Keeper: keeper, Now: w.clock.read})
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	gputest.Begin(t, w.injector, w, c)
	return w
}

// Look is what a look finds.
func (w *world) Look(ctx context.Context) gpu.Sight {
	w.GPUs.Look(ctx)
	return w.Seen()
}

// Status is the same, as it is told.
func (w *world) Status() api.Status {
	s := w.Look(context.Background())
	return api.Status{
		Health: s.Health, Action: s.Action, Reason: s.Reason, Note: s.Note, Inventory: api.Inventory{Note: s.Absent},
	}
}

// suffer injects one fault.
func (w *world) suffer(t *testing.T, fault, value string) {
	t.Helper()
	gputest.Suffer(t, w.injector, w, gputest.Case{Inject: []inject.Order{{Fault: fault, Value: value}}})
}

// after looks again when some time has passed.
func (w *world) after(d time.Duration) api.Status {
	w.clock.move(d)
	return w.Status()
}

func TestEachFaultHasItsHealthReasonAndAction(t *testing.T) {
	for _, c := range gputest.Cases {
		t.Run(c.Name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { hasWhatItShould(t, c) }) })
	}
}

func hasWhatItShould(t *testing.T, c gputest.Case) {
	made := gputest.A10G
	if c.Before {
		made = gputest.T4
	}
	w := begin(t, gputest.New(made("GPU-a"), made("GPU-b")), nil, "boot-1", c)
	want := api.Status{Health: c.Health, Action: c.Action, Reason: c.Reason, Note: c.Note, Inventory: api.Inventory{Note: c.Absent}}
	if !c.First {
		require.Equal(t, api.Status{Health: api.Healthy}, w.Status())
	}
	gputest.Suffer(t, w.injector, w, c)
	if c.Lasts {
		require.Equal(t, api.Status{Health: api.Healthy}, w.Status(), "it may pass")
		w.after(10 * time.Second)
		w.after(50 * time.Second)
	}
	require.Equal(t, want, w.Status())
}

func TestEachRuleHasACaseAndASource(t *testing.T) {
	covered := map[string]bool{}
	for _, c := range gputest.Cases {
		for _, r := range gpu.Rules() {
			begin, _, _ := strings.Cut(r.Says, "%s")
			if strings.HasPrefix(c.Reason+c.Note+c.Absent, begin) && c.Health == r.Health && c.Action == r.Action {
				covered[r.Says] = true
			}
		}
	}
	for _, r := range gpu.Rules() {
		assert.True(t, covered[r.Says], "no case of gputest shows the rule %q", r.Says)
		assert.True(t, strings.HasPrefix(r.Source, "https://docs.nvidia.com/") || r.Source == "LabLink", r.Source)
		assert.False(t, r.Health == api.Unhealthy && (r.Action == api.NoAction || r.Action == api.Restart), "nobody is told how an unhealthy machine is mended: %q", r.Says)
	}
}

func TestNoXIDStandsInTheTableTwice(t *testing.T) {
	seen := map[uint64]bool{}
	for _, n := range gpu.XIDs() {
		assert.False(t, seen[n], "XID %d", n)
		seen[n] = true
	}
}

func TestProgramsErrorsAreNeverTheMachinesFault(t *testing.T) {
	for _, xid := range []string{"13", "31", "43", "45", "68", "109"} {
		w := watch(t, gputest.A10G("GPU-a"))
		w.suffer(t, "xid", xid)
		s := w.Status()
		assert.Equal(t, api.Healthy, s.Health, xid)
		assert.Equal(t, api.Restart, s.Action, xid)
		assert.Contains(t, s.Note, "XID "+xid)
		assert.Equal(t, api.Status{Health: api.Healthy}, w.after(10*time.Minute), "it is told for a while")
	}
}

func TestXIDsThatComeWithOthersSayNothing(t *testing.T) {
	w := watch(t, gputest.A10G("GPU-a"))
	for _, xid := range []string{"154", "171", "106"} {
		require.NoError(t, w.injector.Apply(inject.Order{Fault: "xid", Value: xid}))
	}
	w.suffer(t, "xid", "48") // the only one that is news
	assert.NotContains(t, w.Status().Reason, "154")
	assert.Len(t, w.Counts(), 4, "but they are counted")
}
