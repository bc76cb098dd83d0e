package gpu_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/agent/gpu/gputest"
	"github.com/talmolab/lablink-infrastructure/agent/inject"
	"github.com/talmolab/lablink-infrastructure/api"
)

// paper is a gpu.Keeper. It goes through JSON, as a file does.
type paper struct {
	text  []byte
	saves int
	full  bool
}

func (p *paper) Load() (kept gpu.Kept, err error) {
	if p.text == nil {
		return kept, nil
	}
	return kept, json.Unmarshal(p.text, &kept)
}

func (p *paper) Save(kept gpu.Kept) (err error) {
	if p.full {
		return errors.New("no space left on device")
	}
	p.saves++
	p.text, err = json.Marshal(kept)
	return err
}

func TestAFaultThatNeedsAResetStaysUntilTheMachineOrItsDriverStartsAnew(t *testing.T) {
	for name, c := range map[string]struct {
		boot, start string
		stays       bool
	}{
		"the agent":   {"boot-1", "1", true},
		"the driver":  {"boot-1", "2", false},
		"the machine": {"boot-2", "1", false},
	} {
		t.Run(name, func(t *testing.T) {
			kept, nvml := &paper{}, gputest.New(gputest.A10G("GPU-a"))
			w := start(t, nvml, kept, "boot-1")
			w.suffer(t, "xid", "48")
			reason := w.Status().Reason
			require.NotEmpty(t, reason)
			require.Equal(t, reason, w.after(100*time.Hour).Reason, "time alone does not heal")
			require.NoError(t, w.Close())
			nvml.Change(func() { nvml.Start = c.start })
			again := start(t, nvml, kept, c.boot).Status()
			if c.stays {
				assert.Equal(t, api.Status{Health: api.Unhealthy, Action: api.Reset, Reason: reason}, again)
			} else {
				assert.Equal(t, api.Status{Health: api.Healthy}, again)
			}
		})
	}
}

func TestADriverThatIsLoadedAnewWhileTheAgentRunsResetsTheGPUs(t *testing.T) {
	w := watch(t, gputest.A10G("GPU-a"))
	w.suffer(t, "xid", "119")
	require.Equal(t, api.Unhealthy, w.Status().Health)
	w.suffer(t, "driver", "broken")
	require.Equal(t, api.Unhealthy, w.after(time.Second).Health)
	require.Equal(t, []int{0, 0}, []int{w.nvml.Open, w.nvml.Ears}, "a driver that is in use cannot be loaded anew")
	w.suffer(t, "driver", "restart")
	require.Equal(t, api.Status{Health: api.Healthy}, w.after(20*time.Second))
	w.suffer(t, "xid", "119")
	require.Equal(t, api.Unhealthy, w.Status().Health, "it is listened to as before")
	require.Equal(t, []int{1, 1}, []int{w.nvml.Open, w.nvml.Ears}, "what was opened before is closed")
}

func TestALostGPUIsNotForgottenByARebootAndOneThatWasTakenOutIs(t *testing.T) {
	kept, nvml := &paper{}, gputest.New(gputest.A10G("GPU-a"), gputest.A10G("GPU-b"))
	w := start(t, nvml, kept, "boot-1")
	require.NoError(t, w.injector.Apply(inject.Order{Fault: "lost", GPU: 1}))
	require.Equal(t, api.Unhealthy, w.Status().Health)
	require.NoError(t, w.Close())
	nvml.Change(func() { nvml.GPUs = nil })
	s := start(t, nvml, kept, "boot-2").Status()
	assert.Equal(t, api.Unhealthy, s.Health)
	assert.Contains(t, s.Reason, "GPU 0 (NVIDIA A10G)", "the one that was lost, and the other one is not missed")
	assert.NotContains(t, s.Reason, "GPU 1")
}

func TestAnAgentThatStartsWhileTheDriverIsAwayKnowsThatThereWasOne(t *testing.T) {
	kept, nvml := &paper{}, gputest.New(gputest.A10G("GPU-a"))
	require.NoError(t, start(t, nvml, kept, "boot-1").Close())
	nvml.Change(func() { nvml.InitErr = gpu.ErrNoDriver })
	w := start(t, nvml, kept, "boot-1")
	assert.Contains(t, w.after(time.Minute).Reason, "worked before and does not any more")
	w = start(t, nvml, kept, "boot-2")
	assert.Equal(t, api.Healthy, w.after(time.Minute).Health, "another boot may be without a GPU")
}

func TestADriverThatNeverWorkedIsALimitOnceItHadTheTimeToLoad(t *testing.T) {
	nvml := gputest.New()
	nvml.InitErr = errors.New("ERROR_UNKNOWN")
	w := start(t, nvml, nil, "boot-1")
	assert.Equal(t, api.Healthy, w.after(29*time.Second).Health)
	s := w.after(time.Second)
	assert.Equal(t, api.Status{Health: api.Degraded, Action: api.Reboot,
		Reason: "The NVIDIA driver does not work: ERROR_UNKNOWN. Reboot the machine; replace it if that does not help."}, s)
	nvml.Change(func() { nvml.InitErr = nil; nvml.GPUs = []gputest.GPU{gputest.T4("GPU-a")} })
	assert.Equal(t, api.Status{Health: api.Healthy}, w.after(time.Second))
}

func TestAStormOfEventsIsWrittenDownOnceAMinute(t *testing.T) {
	kept := &paper{}
	w := start(t, gputest.New(gputest.A10G("GPU-a")), kept, "boot-1")
	w.suffer(t, "xid", "94")
	w.Status()
	before := kept.saves
	for range 600 {
		w.nvml.Tell(gpu.Event{UUID: "GPU-a", XID: 94})
		w.after(time.Second)
	}
	heard(t, w, 601)
	w.Status()
	assert.LessOrEqual(t, kept.saves-before, 11)
	assert.Equal(t, api.Degraded, w.after(0).Health)
	assert.Equal(t, api.Healthy, w.after(10*time.Minute).Health, "it counts for a while after the last one")
}

// heard waits until so many events were heard.
func heard(t *testing.T, w *world, n uint64) {
	t.Helper()
	require.Eventually(t, func() bool {
		var sum uint64
		for _, c := range w.Counts() {
			sum += c.Count
		}
		return sum >= n
	}, time.Minute, time.Millisecond)
}

func TestAFullDiskTakesNothingButTheMemoryOfARestart(t *testing.T) {
	kept := &paper{full: true}
	w := start(t, gputest.New(gputest.A10G("GPU-a")), kept, "boot-1")
	w.suffer(t, "xid", "79")
	assert.Equal(t, api.Unhealthy, w.Status().Health)
	kept.full = false
	w.Status()
	assert.Contains(t, string(kept.text), `"xid":79`, "it is written down once there is room")
}

func TestWhatIsKeptThatCannotBeReadIsGoneOnWithout(t *testing.T) {
	w := start(t, gputest.New(gputest.A10G("GPU-a")), &paper{text: []byte("{")}, "boot-1")
	assert.Equal(t, api.Status{Health: api.Healthy}, w.Status())
}

func TestFaultsAreBounded(t *testing.T) {
	kept := &paper{}
	w := start(t, gputest.New(gputest.A10G("GPU-a")), kept, "boot-1")
	w.suffer(t, "xid", "48")
	for i := range uint64(3 * gpu.MaxFaults) {
		w.nvml.Tell(gpu.Event{UUID: fmt.Sprint("GPU-", i), XID: 31})
	}
	require.Eventually(t, func() bool {
		w.after(time.Second)
		saved, err := kept.Load()
		return err == nil && len(saved.Faults) == gpu.MaxFaults && saved.Faults[len(saved.Faults)-1].GPU == "GPU-299"
	}, time.Minute, time.Millisecond)
	assert.Contains(t, w.Status().Reason, "XID 48", "what matters is not pushed out by what does not")
}
