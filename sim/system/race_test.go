package system

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

const (
	seats        = 5
	participants = 50
)

// The allocator dies twice: while machines start, and while all ask for a seat.
func TestFiftyPeopleRaceForFiveMachinesWhileTheAllocatorIsKilled(t *testing.T) {
	l := up(t)
	account, err := l.StartSimulator(t.Context())
	require.NoError(t, err)
	const full = "us-west-2a"
	require.NoError(t, account.SetFaults(t.Context(), cloud.Faults{InsufficientCapacity: []cloud.CapacityFault{{Zone: full}}}))
	w := l.open(t, l.admin(t), seats)
	require.NoError(t, syscall.Kill(l.pid(t, "lablink-allocator"), syscall.SIGKILL))
	l.answers(t)
	admin := l.admin(t)
	l.await(t, admin, w, seats)

	outcomes := l.race(t, w)
	won, places := map[string]string{}, []int{} // e-mail addresses by machine; of those who wait
	for i, o := range outcomes {
		require.Nil(t, o.problem, "participant %d", i)
		var now api.Seat
		require.NoError(t, o.person.Do(t.Context(), http.MethodGet, "/api/v1/seats/current", nil, &now))
		require.Equal(t, o.seat.ID, now.ID)
		if now.State == "queued" {
			places = append(places, now.Position)
			continue
		}
		require.NotContains(t, won, now.Machine, "two hold one machine")
		won[now.Machine] = now.Email
		l.seesItsGPU(t, o.person)
	}
	require.Len(t, won, seats)
	slices.Sort(places)
	for i, place := range places {
		require.Equal(t, i+1, place, "each has a place of their own")
	}
	state, err := account.State(t.Context())
	require.NoError(t, err)
	clients := 0
	for _, i := range state.Instances {
		if strings.HasPrefix(i.InstanceType, "sim.gpu") {
			clients++
			require.NotEqual(t, full, i.AvailabilityZone)
		}
	}
	require.Equal(t, seats, clients, "no machine was started twice, and none was replaced")
	l.make(t, "down")
	l.nothingRuns(t)
}

type outcome struct {
	person  *api.Client
	seat    api.Seat
	problem *api.Problem
}

// race lets half of them ask at once, stops the allocator when the third was
// answered, and kills it when the other half waits for its answers.
func (l *local) race(t *testing.T, w api.Workshop) []outcome {
	t.Helper()
	outcomes, asked := make([]outcome, participants), &written{}
	for i := range outcomes {
		outcomes[i].person = l.person(t)
		res, err := outcomes[i].person.HTTP.Get(l.url + "/join/" + w.JoinCode)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		if i >= participants/2 {
			outcomes[i].person.HTTP.Transport = asked
		}
	}
	var all sync.WaitGroup
	var answered, again atomic.Int32
	third := make(chan struct{})
	pid := l.pid(t, "lablink-allocator")
	ask := func(from, to int) {
		for i := from; i < to; i++ {
			all.Go(func() {
				o := &outcomes[i]
				o.seat, o.problem = claim(t, o.person, w, fmt.Sprintf("p%02d@example.org", i), &again)
				if answered.Add(1) == 3 {
					close(third)
				}
			})
		}
	}
	ask(0, participants/2)
	<-third
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	ask(participants/2, participants)
	eventually(t, "they have written their questions", func() bool { return asked.requests.Load() >= participants/2 })
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	all.Wait()
	require.Positive(t, again.Load(), "nobody was cut off")
	return outcomes
}

// written counts the requests that somebody has written, and may not have been heard.
type written struct{ requests atomic.Int32 }

// RoundTrip makes a request.
func (w *written) RoundTrip(r *http.Request) (*http.Response, error) {
	told := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { w.requests.Add(1) }}
	return http.DefaultTransport.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), told)))
}

// claim asks until there is an answer, as a person does who reloads the page.
func claim(t *testing.T, person *api.Client, w api.Workshop, email string, again *atomic.Int32) (seat api.Seat, problem *api.Problem) {
	for {
		err := person.Do(t.Context(), http.MethodPost, "/api/v1/seats", api.Claim{Code: w.JoinCode, Email: email}, &seat)
		if err == nil || errors.As(err, &problem) && problem.Code != api.Unavailable {
			return seat, problem
		}
		problem = nil
		again.Add(1)
		select {
		case <-t.Context().Done():
			return seat, &api.Problem{Title: "the test ended before there was an answer", Detail: err.Error()}
		case <-time.After(50 * time.Millisecond):
		}
	}
}
