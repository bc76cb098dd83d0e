package allocator_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// collecting is a workshop that collects, with one machine that somebody holds.
type collecting struct {
	*allocatortest.World
	ws      allocator.Workshop
	claimed allocator.Claimed
	agent   allocator.Agent
}

func newCollecting(t *testing.T) *collecting {
	t.Helper()
	w := newWorld(t)
	w.Pools[0].Collect, w.EC2.Spot = []string{"results/**"}, true
	c := &collecting{World: w}
	c.ws, _ = w.Open(t, 1)
	w.RunAll(t)
	m := w.Machines(t, c.ws)[0]
	_, c.agent = w.Boot(t, m)
	w.Agents.Connect(m)
	var err error
	c.claimed, err = w.Claim(t.Context(), api.Claim{Code: c.ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	w.Settled()
	return c
}

func (c *collecting) machine(t *testing.T) allocator.Machine {
	t.Helper()
	m, err := c.Store.Machine(t.Context(), c.claimed.Seat.MachineID)
	require.NoError(t, err)
	return m
}

// collection is the operation that collects.
func (c *collecting) collection(t *testing.T) allocator.Operation {
	t.Helper()
	return c.of(t, allocator.Collect)
}

// of is the workshop's last operation of a kind.
func (c *collecting) of(t *testing.T, kind allocator.OperationKind) allocator.Operation {
	t.Helper()
	all, err := c.Store.Operations(t.Context(), c.ws.ID, 10)
	require.NoError(t, err)
	i := slices.IndexFunc(all, func(op allocator.Operation) bool { return op.Kind == kind })
	require.GreaterOrEqual(t, i, 0, "there is none to %s", kind)
	return all[i]
}

func (c *collecting) step(t *testing.T) (waits bool) {
	t.Helper()
	err := c.Run(t.Context(), c.collection(t).ID)
	var later *allocator.Later
	if errors.As(err, &later) {
		return true
	}
	require.NoError(t, err)
	c.Settled()
	return false
}

func TestWhatAParticipantMadeIsKeptBeforeTheNextOneBegins(t *testing.T) {
	c := newCollecting(t)
	c.Agents.Change(func() { c.Agents.Collecting = &api.CollectStatus{Files: 1} })
	session := c.Agents.Session(c.claimed.Seat.MachineID)
	require.NotEmpty(t, session)
	require.NoError(t, c.Leave(t.Context(), c.claimed.Token))
	c.Settled()
	require.True(t, c.step(t), "it takes a while")
	require.Equal(t, allocator.Draining, c.machine(t).State)
	require.Equal(t, session, c.Agents.Session(c.machine(t).ID), "her session stays until then")
	op := c.collection(t)
	require.Equal(t, api.StartCollect{ID: op.ID, Patterns: []string{"results/**"}, MaxFiles: 2000, MaxBytes: 4 << 30, Seconds: 300}, c.Agents.Collections[0])

	files := api.NewUploads{Collection: op.ID, Files: []api.NewFile{{Path: "results/a b.csv", Bytes: 5}}}
	places, err := c.Uploads(t.Context(), c.agent, files)
	require.NoError(t, err)
	require.Len(t, places.URLs, 1)
	require.Empty(t, places.Headers, "an older agent sends none")
	once := files
	once.Once = true
	places, err = c.Uploads(t.Context(), c.agent, once)
	require.NoError(t, err)
	require.Equal(t, []map[string]string{{"If-Match": `"5"`}}, places.Headers, "it takes the place of what was kept before")
	delete(c.Work, slices.Sorted(maps.Keys(c.Work))[0])
	places, err = c.Uploads(t.Context(), c.agent, once)
	require.NoError(t, err)
	require.Equal(t, []map[string]string{{"If-None-Match": "*"}}, places.Headers)
	for _, wrong := range []string{"../a", "/etc/passwd", "a/../b", "a//b", ".", "a\nb", "a/"} {
		_, err := c.Uploads(t.Context(), c.agent, api.NewUploads{Collection: op.ID, Files: []api.NewFile{{Path: wrong}}})
		require.Equal(t, api.Invalid, api.CodeOf(err), wrong)
	}
	_, err = c.Uploads(t.Context(), allocator.Agent{MachineID: "mch_other"}, files)
	require.Equal(t, api.NotFound, api.CodeOf(err), "a machine keeps its own participant's work only")

	big := api.NewUploads{Collection: op.ID, Files: []api.NewFile{{Path: "big", Bytes: 4 << 30}}}
	for range 2 { // an agent that starts anew begins anew
		_, err = c.Uploads(t.Context(), c.agent, big)
		require.NoError(t, err)
	}
	_, err = c.Uploads(t.Context(), c.agent, big)
	require.Equal(t, api.Invalid, api.CodeOf(err), "a machine does not fill the bucket")

	c.Agents.Change(func() {
		c.Agents.Collecting = &api.CollectStatus{Done: true, Files: 1, Bytes: 5, Left: 1, Trouble: "big: it is too large"}
	})
	require.False(t, c.step(t))
	require.Equal(t, allocator.Ready, c.machine(t).State)
	require.Empty(t, c.Agents.Session(c.machine(t).ID), "and then it ends")
	timeline, err := c.Store.Timeline(t.Context(), c.machine(t).ID)
	require.NoError(t, err)
	require.Contains(t, timeline[len(timeline)-2].Reason, "1 files (1 KiB) of ann@example.org were kept; 1 were not: big: it is too large")
	_, err = c.Uploads(t.Context(), c.agent, files)
	require.Equal(t, api.NotFound, api.CodeOf(err), "nothing is kept after that")

	work, err := c.WorkOf(t.Context(), c.ws.ID)
	require.NoError(t, err)
	require.Len(t, work, 2)
	work = work[1:]
	require.Equal(t, []any{c.claimed.Seat.ID, "ann@example.org", int64(5)}, []any{work[0].Seat, work[0].Participant, work[0].Bytes})
	require.Regexp(t, `^\d{4}-\d\d-\d\dT\d{6}Z/results/a b.csv$`, work[0].Path)
	require.Contains(t, work[0].URL, "/"+c.ws.ID+"/"+c.claimed.Seat.ID)
}

func TestAMachineThatDoesNotAnswerIsNotWaitedForBeyondTheDeadline(t *testing.T) {
	c := newCollecting(t)
	c.Agents.Disconnect(c.machine(t).ID)
	end, err := c.EndWorkshop(t.Context(), "admin", c.ws.ID)
	require.NoError(t, err)
	require.NoError(t, c.Store.Note(t.Context(), end.ID, allocator.Running, "x"))
	all, err := c.Store.Unfinished(t.Context())
	require.NoError(t, err)
	collect := func() { // beside the operation that ends the machines
		for _, id := range all {
			_ = c.Run(t.Context(), id) // says when again
		}
	}
	collect()
	require.Equal(t, allocator.Draining, c.machine(t).State)
	require.Equal(t, 1, c.EC2.Alive(), "it is not ended before")
	c.Time = c.Time.Add(allocator.CollectLimit)
	collect()
	require.Equal(t, allocator.Terminating, c.machine(t).State)
	timeline, err := c.Store.Timeline(t.Context(), c.machine(t).ID)
	require.NoError(t, err)
	require.Contains(t, timeline[len(timeline)-2].Reason, "the work of ann@example.org was not kept")
	collect()
	require.Zero(t, c.EC2.Alive())
}

func TestWorkIsCollectedWhenStaffAsksForIt(t *testing.T) {
	c := newCollecting(t)
	op, err := c.CollectWork(t.Context(), "admin", c.ws.ID)
	require.NoError(t, err)
	require.Equal(t, 1, op.Total)
	require.False(t, c.step(t))
	require.Equal(t, allocator.Assigned, c.machine(t).State)
	op, err = c.Store.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Succeeded, op.State)
}

func TestAMachineIsEndedAtOnceWhereStaffSaysSo(t *testing.T) {
	c := newCollecting(t)
	_, err := c.TerminateMachine(t.Context(), "admin", c.machine(t).ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Terminating, c.machine(t).State)
}

func TestWorkIsCollectedBeforeAMachineIsRebooted(t *testing.T) {
	c := newCollecting(t)
	c.Agents.Change(func() { c.Agents.Collecting = &api.CollectStatus{Files: 1} })
	require.NoError(t, c.Leave(t.Context(), c.claimed.Token))
	c.Settled()
	_, err := c.RebootMachine(t.Context(), "admin", c.machine(t).ID)
	require.NoError(t, err)
	require.True(t, c.step(t))
	require.Equal(t, allocator.Draining, c.machine(t).State)
	c.Agents.Change(func() { c.Agents.Collecting = nil })
	require.False(t, c.step(t))
	require.Equal(t, allocator.Rebooting, c.machine(t).State)

	c = newCollecting(t)
	_, err = c.DrainMachine(t.Context(), "admin", c.machine(t).ID)
	require.NoError(t, err)
	_, err = c.RebootMachine(t.Context(), "admin", c.machine(t).ID)
	require.Equal(t, api.Conflict, api.CodeOf(err))
}

func TestWorkIsNotGivenUpByAClockThatCannotBeTrusted(t *testing.T) {
	c := newCollecting(t)
	c.Agents.Change(func() { c.Agents.Collecting = &api.CollectStatus{Files: 1} })
	require.NoError(t, c.Leave(t.Context(), c.claimed.Token))
	trouble := errors.New("the clock jumped")
	c.Clock = func(context.Context) error { return trouble }
	c.Time = c.Time.Add(24 * time.Hour)
	require.True(t, c.step(t))
	require.Equal(t, allocator.Draining, c.machine(t).State)
	require.Equal(t, int(allocator.CollectLimit.Seconds()), c.Agents.Collections[len(c.Agents.Collections)-1].Seconds, "nor by the agent")
	trouble = nil
	require.True(t, c.step(t), "who was not asked at the deadline is asked again")
	c.Time = c.Time.Add(2 * time.Minute)
	require.False(t, c.step(t))
}

func TestWorkIsWaitedForOnceTheAllocatorIsBackThatWasAway(t *testing.T) {
	c := newCollecting(t)
	c.Agents.Change(func() { c.Agents.Collecting = &api.CollectStatus{Files: 1} })
	require.NoError(t, c.Leave(t.Context(), c.claimed.Token))
	c.Stop(t)
	c.Time = c.Time.Add(time.Hour)
	c.Start(t)
	c.Pools[0].Collect = []string{"results/**"}
	require.True(t, c.step(t))
	require.Equal(t, 120, c.Agents.Collections[len(c.Agents.Collections)-1].Seconds)
	c.Time = c.Time.Add(2 * time.Minute)
	require.False(t, c.step(t))
	require.NotEqual(t, allocator.Draining, c.machine(t).State)
}

func TestAnAgentIsLeftAsItIsWhileItCollects(t *testing.T) {
	c := newCollecting(t)
	c.AgentRelease = func() string { return "another" }
	release := func() string {
		answer, err := c.Report(t.Context(), c.agent, api.Report{Health: api.Healthy})
		require.NoError(t, err)
		return answer.Release
	}
	require.NoError(t, c.Leave(t.Context(), c.claimed.Token))
	require.Equal(t, allocator.Draining, c.machine(t).State)
	require.Empty(t, release())
	c.Settled()
	require.False(t, c.step(t))
	require.Equal(t, "another", release())
}

// gate is a queue that takes nothing before it is opened, and counts.
type gate struct {
	opened chan struct{}
	taken  atomic.Int64
}

func (g *gate) Enqueue(context.Context, string) error {
	<-g.opened
	g.taken.Add(1)
	return nil
}

// looking counts how often machines are looked at.
type looking struct {
	allocator.Store
	looks atomic.Int64
}

func (l *looking) Machine(ctx context.Context, id string) (allocator.Machine, error) {
	defer l.looks.Add(1)
	return l.Store.Machine(ctx, id)
}

func TestManyMachinesThatDrainQueueTheirCollectionsTogether(t *testing.T) {
	const seats = 10
	w := newWorld(t)
	w.Pools[0].Collect = []string{"results/**"}
	ws := w.ReadyWorkshop(t, seats)
	for n := range seats {
		_, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: fmt.Sprintf("p%d@example.org", n)}, "")
		require.NoError(t, err)
	}
	_, err := w.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	w.Settled()
	queue, store := &gate{opened: make(chan struct{})}, &looking{Store: w.Store}
	w.Queue, w.Store = queue, store
	for _, m := range w.Machines(t, ws) {
		require.Equal(t, allocator.Draining, m.State)
		w.Settle(m.ID)
	}
	require.Eventually(t, func() bool { return store.looks.Load() == seats }, time.Minute, time.Millisecond)
	close(queue.opened)
	w.Settled()
	all, err := w.Store.Unfinished(t.Context())
	require.NoError(t, err)
	require.Len(t, all, seats+1)
	require.GreaterOrEqual(t, queue.taken.Load(), int64(len(all)))
	require.LessOrEqual(t, queue.taken.Load(), int64(4*len(all)), "not once for each machine")
}

// Whoever has root on a machine answers what they like.
func TestWhatAnAgentSaysWentWrongIsKeptInShort(t *testing.T) {
	c := newCollecting(t)
	c.Agents.Change(func() {
		c.Agents.Collecting = &api.CollectStatus{Done: true, Left: 1, Trouble: "one\ntwo" + strings.Repeat("ä", 10_000)}
	})
	_, err := c.CollectWork(t.Context(), "admin", c.ws.ID)
	require.NoError(t, err)
	require.False(t, c.step(t))
	timeline, err := c.Store.Timeline(t.Context(), c.machine(t).ID)
	require.NoError(t, err)
	said := timeline[len(timeline)-1].Reason
	require.Contains(t, said, "1 were not: one two")
	require.Less(t, len(said), 1200)
}
