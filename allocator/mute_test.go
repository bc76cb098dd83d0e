package allocator_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/readiness"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAnEC2ThatNeverAnswersHoldsUpNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, EndsAt: new(w.Time.Add(time.Hour))})
		require.NoError(t, err)
		w.RunAll(t)
		cloud := &readiness.Cloud{Compute: w.EC2, Now: time.Now}
		w.Compute, w.EC2.Mute = cloud, true
		w.Time = w.Time.Add(time.Hour)
		watchOnce(t, w)
		ws, err = w.Store.Workshop(t.Context(), ws.ID)
		require.NoError(t, err)
		require.Equal(t, allocator.Ended, ws.State)
		require.NotEmpty(t, w.Queued, "its machines end once EC2 answers")
		for range 4 {
			watchOnce(t, w)
		}
		require.ErrorContains(t, cloud.Check(t.Context()), "look at machines for 2 minutes: it does not answer")
	})
}

// An instance that EC2 does not end would else be a reason to take no silence for one.
func TestAnEC2ThatEndsNothingIsNoReasonNotToHearThatAMachineIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := oneMachine(t, 0)
		o.EC2.All = append(o.EC2.All, allocator.Instance{ID: "i-stray", State: allocator.InstanceRunning, LaunchedAt: o.Time})
		o.pass(t, time.Second)
		for range 8 {
			o.Time = o.Time.Add(2 * time.Minute)
			o.EC2.Looking = func() { o.EC2.Mute = true } // the calls after the list are not answered
			_ = o.Observe(t.Context())
			o.EC2.Looking, o.EC2.Mute = nil, false
		}
		require.Equal(t, allocator.Unhealthy, o.look(t).State)
	})
}

// What people have made is fetched while EC2 answers nothing: there are few who carry
// operations on.
func TestAnEC2ThatNeverAnswersHoldsUpNoCollection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCollecting(t)
		_, err := c.EndWorkshop(t.Context(), "admin", c.ws.ID)
		require.NoError(t, err)
		require.Equal(t, allocator.Draining, c.machine(t).State)
		c.EC2.Mute = true
		ends := c.of(t, allocator.Terminate)
		begin := time.Now()
		var later *allocator.Later
		require.ErrorAs(t, c.Run(t.Context(), ends.ID), &later)
		require.Zero(t, time.Since(begin), "EC2 was asked")
	})
}
