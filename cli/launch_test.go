package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/cli"
)

// waiting is somebody who waits, and what happens meanwhile.
type waiting struct {
	world *allocatortest.World
	said  bytes.Buffer
	looks int
	then  []func() // one after the other, between two looks
	live  bool
}

func (w *waiting) ready(g *cli.Globals) {
	g.Err, g.Live = &w.said, w.live
	g.Pause = func(context.Context) bool {
		if w.looks == len(w.then) {
			return false
		}
		w.then[w.looks]()
		w.looks++
		return true
	}
}

// boot boots the first machine that has not.
func (w *waiting) boot(t *testing.T) func() {
	return func() {
		open, err := w.world.Store.OpenWorkshops(t.Context())
		require.NoError(t, err)
		for _, m := range w.world.Machines(t, open[0]) {
			if m.AgentID == "" {
				w.world.Boot(t, m)
				return
			}
		}
	}
}

func TestALaunchTellsHowFarItIsUntilAllIsReady(t *testing.T) {
	w, url := serve(t)
	who := &waiting{world: w}
	who.then = []func(){func() { w.RunAll(t) }, who.boot(t), func() {
		open, err := w.Store.OpenWorkshops(t.Context())
		require.NoError(t, err)
		_, err = w.Claim(t.Context(), api.Claim{Code: open[0].JoinCode, Email: "ann@example.org"}, "") // who is early
		require.NoError(t, err)
		who.boot(t)()
	}, who.boot(t)}
	out, err := at(t, who.ready, "--url", url, "--password", password, "launch", "Pose", "--machines", "2", "--spares", "1", "--wait", "10m")
	require.NoError(t, err)
	require.Contains(t, out, url+"/join/")
	require.Contains(t, out, "3 machines: ready")
	said := who.said.String()
	for _, want := range []string{"0 of 3", "0 of 3: 3 booting", "1 of 3: 2 booting", "2 of 3: 1 booting", "3 of 3\n"} {
		require.Contains(t, said, want)
		_, said, _ = strings.Cut(said, want)
	}
	require.NotContains(t, who.said.String(), "\x1b", "that is for terminals")
}

func TestWhoStopsWaitingReadsHowToLookAtIt(t *testing.T) {
	w, url := serve(t)
	who := &waiting{world: w, live: true} // at a terminal it waits without being told to
	who.then = []func(){func() { w.RunAll(t) }}
	_, err := at(t, who.ready, "--url", url, "--password", password, "launch", "Pose", "--machines", "1")
	require.Equal(t, 130, cli.ExitCode(err))
	open, errOpen := w.Store.OpenWorkshops(t.Context())
	require.NoError(t, errOpen)
	require.ErrorContains(t, err, "it goes on without you: lablink machines --workshop "+open[0].ID+" shows how its machines are, and lablink end "+open[0].ID+" ends them")
	require.Contains(t, who.said.String(), "\r\x1b[K[--------------------] 0s  0 of 1: 1 booting")

	who = &waiting{world: w}
	who.then = nil
	out, err := at(t, who.ready, "--url", url, "--password", password, "launch", "Other", "--machines", "1", "--json")
	require.NoError(t, err, "a program does not wait unless it says so")
	var made api.Workshop
	require.NoError(t, json.Unmarshal([]byte(out), &made))
	require.Empty(t, who.said.String())
	_, err = at(t, who.ready, "--url", url, "--password", password, "launch", "Third", "--machines", "1", "--wait", "1ns")
	require.Equal(t, 1, cli.ExitCode(err))
	require.ErrorContains(t, err, "it is not done after 1ns")
}

func TestALaunchSaysWhyItDoesNotGoOn(t *testing.T) {
	w, url := serve(t)
	who := &waiting{world: w}
	w.EC2.Err = api.Problemf(api.Quota, "The account's quota is used up", "Ask AWS for more.")
	end := func() {
		open, err := w.Store.OpenWorkshops(t.Context())
		require.NoError(t, err)
		_, err = w.EndWorkshop(t.Context(), "bob", open[0].ID)
		require.NoError(t, err)
	}
	who.then = []func(){func() { w.RunAll(t) }, end}
	_, err := at(t, who.ready, "--url", url, "--password", password, "launch", "Pose", "--machines", "1", "--wait", "1h")
	require.Contains(t, who.said.String(), "quota is used up")
	require.Contains(t, who.said.String(), "It is tried again at 20")
	require.ErrorContains(t, err, "The workshop has ended")
	require.Equal(t, 5, cli.ExitCode(err))
}

func TestALaunchForLaterSaysWhenItsMachinesStart(t *testing.T) {
	w, url := serve(t)
	w.Time = time.Now()
	who := &waiting{world: w, live: true}
	day := time.Now().AddDate(0, 0, 2).Format("2006-01-02")
	out, err := at(t, who.ready, "--url", url, "--password", password, "launch", "Pose", "--machines", "1",
		"--starts", day+"T09:00", "--ends", day+"T17:00", "--minutes", "60", "--idle", "15", "--budget", "20", "--previews", "--invite", "ann@example.org")
	require.NoError(t, err)
	require.Contains(t, out, "Its machines start at ")
	open, err := w.Store.OpenWorkshops(t.Context())
	require.NoError(t, err)
	require.Equal(t, day+" 09:00", open[0].StartsAt.In(time.Local).Format("2006-01-02 15:04"))
	require.Equal(t, day+" 17:00", open[0].EndsAt.In(time.Local).Format("2006-01-02 15:04"))
	require.Equal(t, []time.Duration{time.Hour, 15 * time.Minute}, []time.Duration{open[0].SessionLimit, open[0].IdleLimit})
	require.InDelta(t, 20, open[0].BudgetUSD, 0)
	require.True(t, open[0].Invited)
	require.True(t, open[0].Previews)
	_, err = at(t, who.ready, "--url", url, "--password", password, "launch", "Pose", "--machines", "1", "--starts", "soon")
	require.Equal(t, 2, cli.ExitCode(err))
}

func TestTheEndOfAWorkshopIsWaitedFor(t *testing.T) {
	w, url := serve(t)
	ws := w.ReadyWorkshop(t, 2)
	who := &waiting{world: w}
	ended := func() {
		w.RunAll(t)
		w.EC2.Finish()
		require.NoError(t, w.Resume(t.Context()))
	}
	who.then = []func(){ended, ended, ended, ended}
	out, err := at(t, who.ready, "--url", url, "--password", password, "end", ws.Name, "--wait", "10m", "--json")
	require.NoError(t, err)
	var op api.Operation
	require.NoError(t, json.Unmarshal([]byte(out), &op))
	require.Equal(t, "succeeded", op.State)
	require.Contains(t, who.said.String(), "2 of 2")
	require.Zero(t, w.EC2.Alive())
}

func TestAnOperationThatFailsSaysWhyAndEndsWithOne(t *testing.T) {
	var world *allocatortest.World
	w, url := serve(t, func(next http.Handler) http.Handler { // an allocator that gives up
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/api/v1/operations" {
				next.ServeHTTP(rw, r)
				return
			}
			ops, err := world.Store.Operations(r.Context(), "", 10)
			assert.NoError(t, err)
			at := slices.IndexFunc(ops, func(op allocator.Operation) bool { return op.Kind == allocator.Reboot })
			failed := api.Operation{ID: ops[at].ID, State: "failed", Total: 1, Failed: 1, Message: "AWS does not let this role reboot", FinishedAt: &world.Time}
			assert.NoError(t, json.NewEncoder(rw).Encode(api.Page[api.Operation]{Items: []api.Operation{failed}}))
		})
	})
	world = w
	ws := w.ReadyWorkshop(t, 1)
	who := &waiting{world: w}
	_, err := at(t, who.ready, "--url", url, "--password", password, "reboot", w.Machines(t, ws)[0].ID, "--wait", "10m")
	require.EqualError(t, err, "the operation failed: AWS does not let this role reboot")
	require.Equal(t, 1, cli.ExitCode(err))
}
