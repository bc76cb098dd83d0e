package agent_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
)

// crowd is how many agents an allocator has that goes away.
const crowd = 1000

// gather starts agents that all know one allocator.
func gather(t *testing.T) []*world {
	all := make([]*world, crowd)
	for i := range all {
		w := newWorld()
		w.every, w.seed = time.Hour, uint32(i)*0x9E3779B1
		w.store.id = agent.Identity{AgentID: "agt_1", Secret: "s"}
		w.allocator.sums["agt_1"] = api.SecretSum("s")
		if i%10 == 0 { // not all have something to tell
			w.logbook = agent.NewLogbook("run", time.Now)
		}
		all[i] = w.start(t)
	}
	return all
}

// perSecond counts in each second since a time.
func perSecond(since time.Time, at []time.Time) []int {
	var out []int
	for _, a := range at {
		second := int(a.Sub(since).Seconds())
		for len(out) <= second {
			out = append(out, 0)
		}
		out[second]++
	}
	return out
}

// Nothing that matters is lost, and the agents do not come back all at once.
func TestAThousandAgentsComeBackToAnAllocatorThatWasAwayForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := gather(t)
		after(30 * time.Second)
		for _, w := range all {
			w.allocator.goAway()
		}
		after(absence / 3)
		for _, w := range all {
			w.lose()
			if w.logbook != nil {
				w.logbook.Add("warn", "test", "while it was away")
			}
		}
		after(absence / 3)
		for _, w := range all {
			w.restore()
		}
		after(absence / 3)
		back := time.Now()
		for _, w := range all {
			w.allocator.change(func() { w.allocator.away = false })
		}
		after(2 * time.Minute)

		var first, every []time.Time
		for _, w := range all {
			heard := w.allocator.now()
			contacts := slices.DeleteFunc(heard.contacts, func(at time.Time) bool { return at.Before(back) })
			require.NotEmpty(t, contacts)
			first, every = append(first, slices.MinFunc(contacts, time.Time.Compare)), append(every, contacts...)
			require.Equal(t, 1, heard.open, "tunnels")
			changes := slices.DeleteFunc(heard.reports, func(r api.Report) bool { return r.At.After(back) || r.At.Before(back.Add(-absence*5/6)) })
			require.Len(t, changes, 2)
			require.Equal(t, []api.Health{api.Unhealthy, api.Healthy}, []api.Health{changes[0].Health, changes[1].Health})
			told := 0
			for _, b := range heard.logs {
				require.Zero(t, b.Lost)
				told += len(b.Lines)
			}
			require.Equal(t, w.logbook != nil, told == 1, "%d lines of the log", told)
		}
		returning := perSecond(back, first)
		t.Log("first contacts in each second after the return:", returning)
		t.Log("all contacts in each second:", perSecond(back, every))
		assert.Less(t, slices.Max(returning), crowd/7, "first contacts in one second")
		assert.LessOrEqual(t, len(returning), 61, "all are back within a minute")
		assert.Less(t, slices.Max(perSecond(back, every)), crowd/3, "contacts in one second")
	})
}

func TestAgentsThatAreAskedToWaitDoNotComeBackTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := api.Problemf(api.Unavailable, "The database is away", "Ask again.")
		busy.RetryAfter = time.Minute
		all := gather(t)
		for _, w := range all {
			w.allocator.change(func() { w.allocator.answer = busy })
		}
		after(31 * time.Second) // each has been refused once by now
		begin := time.Now()
		tried := 0
		var each []int
		for range 80 {
			before := tried
			tried = 0
			for _, w := range all {
				tried += w.allocator.now().tried
			}
			if before > 0 {
				each = append(each, tried-before)
			}
			after(time.Second)
		}
		t.Log("tries in each second from", begin, each)
		assert.Less(t, slices.Max(each), crowd/5)
	})
}
