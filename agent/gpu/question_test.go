package gpu_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/agent/gpu/gputest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// hang makes the driver hang, with a GPU that is hot and has told an XID.
func hang(t *testing.T) *world {
	t.Helper()
	w := watch(t, gputest.A10G("GPU-a"))
	w.suffer(t, "xid", "94")
	w.suffer(t, "temperature", "95")
	w.Status()
	w.after(time.Minute)
	w.suffer(t, "driver", "hangs")
	return w
}

func TestADriverThatDoesNotAnswerIsWaitedForOnceAndWhatWasSeenIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hang(t)
		for i, waits := range []time.Duration{10 * time.Second, 0, 0} {
			began := time.Now()
			s := w.Look(t.Context())
			assert.Equal(t, waits, time.Since(began), "look %d", i)
			assert.Equal(t, []any{api.Unhealthy, api.Reboot}, []any{s.Health, s.Action})
			for _, what := range []string{"The NVIDIA driver does not answer.", "XID 94", "Is hot: GPU 0"} {
				assert.Contains(t, s.Reason, what)
			}
			assert.Len(t, s.GPUs, 1, "it is a part of the machine")
			assert.Empty(t, s.Readings)
		}
		<-w.News() // that it is late
		w.suffer(t, "driver", "restart")
		<-w.News()
		s := w.Look(t.Context())
		assert.NotContains(t, s.Reason, "does not answer")
		assert.Len(t, s.Readings, 1)
	})
}

// A driver that takes a while is no fault, and what was seen before is not forgotten.
func TestADriverThatIsSlowIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, gputest.A10G("GPU-a"))
		w.suffer(t, "driver", "hangs")
		time.AfterFunc(9*time.Second, func() { w.suffer(t, "driver", "restart") })
		began := time.Now()
		assert.Equal(t, api.Status{Health: api.Healthy}, w.Status())
		assert.Equal(t, 9*time.Second, time.Since(began))
	})
}

func TestNobodyWaitsForADriverWhoHasToTellSomethingElse(t *testing.T) {
	for name, hurry := range map[string]func(w *world){
		"what an event told": func(w *world) { w.nvml.Tell(gpu.Event{UUID: "GPU-a", XID: 79}) },
		"something else":     func(w *world) { w.Hurry() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := hang(t)
				time.AfterFunc(2*time.Second, func() { hurry(w) })
				began := time.Now()
				s := w.Look(t.Context())
				assert.Equal(t, 2*time.Second, time.Since(began))
				assert.NotContains(t, s.Reason, "does not answer", "it has time yet")
				assert.Contains(t, s.Reason, "XID 94")
				assert.Len(t, s.Readings, 1, "of the look before")
			})
		})
	}
}

func TestALookEndsWithWhoWantsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hang(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		assert.Contains(t, w.Look(ctx).Reason, "XID 94")
		began := time.Now()
		require.EqualError(t, w.Close(), "the driver does not answer")
		assert.Equal(t, 3*time.Second, time.Since(began))
	})
}
