package agent_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	gpus "github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/agent/gpu/gputest"
	"github.com/talmolab/lablink-infrastructure/agent/inject"
	"github.com/talmolab/lablink-infrastructure/api"
)

const silent = "The NVIDIA driver does not answer. Reboot the machine; replace it if that does not help."

// counted counts how often the driver is asked.
type counted struct {
	*gputest.Machine
	asked int
}

func (c *counted) Devices() ([]gpus.Device, error) {
	c.Change(func() { c.asked++ })
	return c.Machine.Devices()
}

// hanging is an agent whose driver can hang.
func hanging(t *testing.T, orders ...string) (*world, *counted) {
	t.Helper()
	nvml := &counted{Machine: gputest.New(gputest.A10G("GPU-a"))}
	w := newWorld()
	w.broken = inject.New(nvml)
	for _, how := range orders {
		w.hang(t, how)
	}
	t.Cleanup(func() { w.hang(t, "restart") })
	return w, nvml
}

func (w *world) hang(t *testing.T, how string) {
	t.Helper()
	require.NoError(t, w.broken.Apply(inject.Order{Fault: "driver", Value: how}))
}

// knows gives the agent an identity.
func (w *world) knows() {
	w.store.id = agent.Identity{AgentID: "agt_7", Secret: "s"}
	w.allocator.sums["agt_7"] = api.SecretSum("s")
}

func TestADriverThatDoesNotAnswerIsToldAndNothingWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, nvml := hanging(t)
		w.start(t)
		after(32 * time.Second)
		require.Equal(t, api.Healthy, w.lastReport(t).Health)
		w.hang(t, "hangs")
		after(13 * time.Second) // a look within three, and ten until it is late
		r := w.lastReport(t)
		assert.Equal(t, []any{api.Unhealthy, api.Reboot, silent}, []any{r.Health, r.Action, r.Reason})
		assert.Empty(t, r.Readings, "nobody knows")
		asked, looks, reports := nvml.asked, w.looks.Load(), len(w.allocator.now().reports)
		after(10 * time.Minute)
		assert.Equal(t, asked, nvml.asked, "it is asked one thing at a time")
		assert.EqualValues(t, 120, w.looks.Load()-looks, "the agent is alive")
		assert.Len(t, w.allocator.now().reports, reports+20, "one each 30 s")
		assert.Equal(t, 1, w.allocator.now().open, "tunnels")

		w.hang(t, "restart")
		after(0)
		r = w.lastReport(t)
		assert.Equal(t, []any{api.Healthy, ""}, []any{r.Health, r.Reason}, "it is told at once that it answers again")
		assert.Len(t, r.Readings, 1)
	})
}

func TestADriverThatDoesNotAnswerFromTheBeginHoldsUpNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := hanging(t, "hangs")
		w.knows()
		w.start(t)
		after(0)
		assert.Equal(t, 1, w.allocator.now().open, "tunnels")
		after(10 * time.Second)
		assert.NotZero(t, w.looks.Load(), "it has started")
		assert.Empty(t, w.allocator.now().reports, "nobody knows how it is")
		after(35 * time.Second)
		assert.Equal(t, silent, w.lastReport(t).Reason)
	})
}

func TestAMachineRegistersWhoseDriverDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := hanging(t, "hangs")
		w.start(t)
		after(10 * time.Second)
		assert.Len(t, w.allocator.now().registrations, 1)
		assert.Equal(t, 1, w.allocator.now().open, "tunnels")
		after(35 * time.Second)
		assert.Equal(t, api.Unhealthy, w.lastReport(t).Health)
	})
}

// Many GPUs that nobody has open are started one after the other.
func TestADriverThatIsSlowToStartIsNoFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := hanging(t, "hangs")
		w.start(t)
		after(40 * time.Second)
		assert.NotZero(t, w.looks.Load(), "it has started")
		assert.Len(t, w.allocator.now().registrations, 1)
		w.hang(t, "restart")
		after(time.Minute)
		reports := w.allocator.now().reports
		require.NotEmpty(t, reports)
		for _, r := range reports {
			assert.Equal(t, api.Healthy, r.Health, r.Reason)
		}
		require.NotNil(t, reports[0].Inventory)
		assert.Equal(t, "GPU-a", reports[0].Inventory.GPUs[0].UUID)
	})
}

// As a driver does after XIDs 79 and 119: what it has told is known, and it answers nothing.
func TestAnXIDIsReportedWithinASecondAlsoWhereTheDriverHangsWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, nvml := hanging(t)
		w.start(t)
		after(7 * time.Second)
		w.hang(t, "hangs")
		nvml.Tell(gpus.Event{UUID: "GPU-a", XID: 119})
		after(time.Second)
		assert.Contains(t, w.lastReport(t).Reason, "GPU 0 (NVIDIA A10G) (XID 119,")
		after(10 * time.Second)
		r := w.lastReport(t)
		assert.Contains(t, r.Reason, silent)
		assert.Contains(t, r.Reason, "XID 119")

		nvml.Tell(gpus.Event{UUID: "GPU-a", XID: 79})
		after(0)
		assert.Contains(t, w.lastReport(t).Reason, "XID 79", "events are heard while a question is out")
	})
}

func TestAnInterruptionDoesNotWaitForADriver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := hanging(t)
		w.notices = &fakeNotices{}
		w.start(t)
		after(9 * time.Second)
		w.hang(t, "hangs")
		after(2 * time.Second) // since 10 s a look is out
		notice := api.Interruption{Action: "terminate", At: time.Now().Add(2 * time.Minute)}
		w.notices.say(&notice, nil)
		after(5 * time.Second) // it is asked for at 15 s
		assert.Equal(t, &notice, w.lastReport(t).Interruption)
	})
}

func TestAnInterruptionDoesNotWaitForADriverThatStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := hanging(t, "hangs")
		w.notices = &fakeNotices{}
		w.start(t)
		after(17 * time.Second)
		notice := api.Interruption{Action: "terminate", At: time.Now().Add(2 * time.Minute)}
		w.notices.say(&notice, nil)
		after(5 * time.Second)
		assert.Equal(t, &notice, w.lastReport(t).Interruption)
	})
}

func TestAnAgentEndsWhoseDriverDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := hanging(t)
		w.start(t)
		after(7 * time.Second)
		w.hang(t, "hangs")
		after(4 * time.Second)
		began := time.Now()
		w.stop()
		assert.LessOrEqual(t, time.Since(began), 5*time.Second, "systemd kills it after ten")
		assert.Equal(t, 1, w.logs.count("level=WARN", "NVML was not closed"))
	})
}

// What a machine has is told once after each start, and again when it has something else:
// nobody knows it while a driver does not answer.
func TestWhatAMachineHasIsToldOnceItIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, nvml := hanging(t, "hangs")
		w.start(t)
		after(time.Minute)
		told := func() (out []api.Inventory) {
			for _, r := range w.allocator.now().reports {
				if r.Inventory != nil {
					out = append(out, *r.Inventory)
				}
			}
			return out
		}
		require.NotEmpty(t, w.allocator.now().reports)
		assert.Empty(t, told())
		w.hang(t, "restart")
		after(2 * time.Minute)
		require.Len(t, told(), 1)
		assert.Equal(t, "GPU-a", told()[0].GPUs[0].UUID)
		nvml.Change(func() { nvml.GPUs = append(nvml.GPUs, gputest.A10G("GPU-b")) })
		after(2 * time.Minute)
		require.Len(t, told(), 2)
		assert.Len(t, told()[1].GPUs, 2)
	})
}
