package agent_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

const image = "ghcr.io/lab/desktop@sha256:00"

func TestADesktopsImageComesBeforeAllElseAndSaysHowFarItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script(api.Continue)
		s.Container, s.Startup.MaxAttempts = image, 1
		w := settingUp(s)
		w.fetcher = &fakeRunner{each: 10 * time.Minute, says: []string{"37 % of 5.2 GB"}, ends: []error{errors.New("the registry is full")}}
		w.start(t)
		after(time.Minute)
		said := w.lastReport(t).Setup
		assert.Equal(t, []any{"running", "image", 1, 3, "37 % of 5.2 GB"}, []any{said.State, said.Step, said.Attempt, said.Of, said.Line})
		assert.Empty(t, w.runner.ran(), "nothing else has begun")
		after(30 * time.Minute)
		assert.Equal(t, "done", w.lastReport(t).Setup.State)
		require.Len(t, w.fetcher.ran(), 2, "it is tried again")
		assert.Equal(t, []string{image}, w.fetcher.ran()[0].Args)
		assert.Len(t, w.runner.ran(), 1)
	})
}

func TestNobodyGetsAMachineWithoutItsDesktopsImage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script(api.Continue) // which counts for the script alone
		s.Container = image
		w := settingUp(s)
		bad := errors.New("there is no such image")
		w.fetcher = &fakeRunner{ends: []error{bad, bad, bad}}
		w.start(t)
		after(10 * time.Minute)
		said := w.lastReport(t)
		assert.Equal(t, []any{api.Unhealthy, "failed"}, []any{said.Health, said.Setup.State})
		assert.Contains(t, said.Reason, "The fetch of the desktop's image "+image+" did not succeed (try 3 of 3): there is no such image; without it the machine has no desktop")
		assert.Empty(t, w.runner.ran())
	})
}

// As somebody's own machine in a workshop whose pool has such desktops.
func TestAMachineWithoutSuchDesktopsFetchesNoImage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script(api.Fail)
		s.Container = image
		w := settingUp(s).start(t)
		after(time.Minute)
		assert.Equal(t, "done", w.lastReport(t).Setup.State)
		assert.Len(t, w.runner.ran(), 1)
	})
}
