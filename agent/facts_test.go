package agent_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/talmolab/lablink-infrastructure/agent"
	gpus "github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api"
)

type fakeHost struct{ facts api.Host }

func (h *fakeHost) Facts() api.Host { return h.facts }

func TestWhatIsScarceOnAMachineIsToldInWordsAndDoesNotComeAndGo(t *testing.T) {
	h, now := &fakeHost{}, time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	m := agent.NewMachine(&fakeNVML{devices: []*fakeGPU{gpu("GPU-a")}}, agent.About{Host: h}, func() time.Time { return now })
	look := func() (api.Health, string) {
		s := m.Status()
		return s.Health, s.Reason
	}
	of := func(n uint64) *uint64 { return &n }
	expect := func(want string) {
		t.Helper()
		health, reason := look()
		if want == "" {
			assert.Equal(t, []any{api.Healthy, ""}, []any{health, reason})
			return
		}
		assert.Equal(t, api.Degraded, health)
		assert.Contains(t, reason, want)
		assert.NotContains(t, reason, "participant", "staff reads it, and so does who works there")
	}
	expect("") // nothing is known
	const g = 1 << 30
	h.facts = api.Host{DiskTotal: of(100 * g), DiskFree: of(50 * g), MemoryTotal: of(64 * g), MemoryAvailable: of(32 * g), OutOfMemory: of(3)}
	expect("")
	h.facts.DiskFree = of(49 * g / 10)
	expect("The disk is almost full: 4.9 GiB of 100.0 GiB were free when that began.")
	h.facts.DiskFree = of(55 * g / 10)
	expect("The disk is almost full: 4.9 GiB of 100.0 GiB") // the same, as else each look were news
	h.facts.DiskFree = of(8 * g)
	expect("")
	h.facts.DiskTotal, h.facts.DiskFree = of(8*g), of(g-1)
	expect("The disk is almost full") // 12 %, and little all the same
	h.facts.DiskFree = of(4 * g)
	h.facts.MemoryAvailable = of(2 * g)
	expect("Memory is almost exhausted: 2.0 GiB of 64.0 GiB were free when that began.")
	h.facts.MemoryAvailable = of(32 * g)
	expect("")
	h.facts.OutOfMemory = of(4)
	expect("Memory was exhausted at 09:00 UTC, and Linux ended a program.")
	now = now.Add(9 * time.Minute)
	expect("Memory was exhausted at 09:00 UTC")
	now = now.Add(time.Minute)
	expect("")
}

func TestAWorseTroubleIsNotMadeSmallerByWhatIsScarce(t *testing.T) {
	h := &fakeHost{api.Host{DiskTotal: new(uint64(100 << 30)), DiskFree: new(uint64(0))}}
	m := agent.NewMachine(&fakeNVML{devices: []*fakeGPU{gpu("GPU-a").failing(gpus.ErrLost, everything...)}}, agent.About{Host: h}, time.Now)
	s := m.Status()
	assert.Equal(t, []any{api.Unhealthy, api.Reboot}, []any{s.Health, s.Action})
	assert.Contains(t, s.Reason, "Can no longer be reached")
	assert.Contains(t, s.Reason, "The disk is almost full: 0.0 GiB")
}
