//go:build linux

package main

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestLooksAreFrequentEnoughForTheWatchdog(t *testing.T) {
	for usec, want := range map[string]time.Duration{
		"": 5 * time.Second, "60000000": 5 * time.Second, "8000000": 4 * time.Second,
	} {
		t.Setenv("WATCHDOG_USEC", usec)
		assert.Equal(t, want, newSupervisor(slog.New(slog.DiscardHandler)).lookEvery(), usec)
	}
}

func TestAWatchdogThatIsNotUnderstoodIsMentioned(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "soon")
	var log bytes.Buffer
	s := newSupervisor(slog.New(slog.NewTextHandler(&log, nil)))
	assert.Equal(t, 5*time.Second, s.lookEvery())
	assert.Contains(t, log.String(), "going on without it")
}

func TestASupervisorThatIsGoneIsMentioned(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", t.TempDir()+"/gone")
	var log bytes.Buffer
	newSupervisor(slog.New(slog.NewTextHandler(&log, nil))).alive()
	assert.Contains(t, log.String(), "systemd was not told")
}
