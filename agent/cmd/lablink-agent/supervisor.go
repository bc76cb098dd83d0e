//go:build linux

package main

import (
	"log/slog"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// lookEvery is the time between two looks at the GPUs.
const lookEvery = 5 * time.Second

// supervisor is systemd, where it started this program (Type=notify).
type supervisor struct {
	log *slog.Logger
	// watchdog is how long systemd waits for a sign of life; 0: for ever.
	watchdog time.Duration
	ready    sync.Once
}

func newSupervisor(log *slog.Logger) *supervisor {
	watchdog, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("the watchdog's settings are not understood; going on without it", "error", err)
	}
	return &supervisor{log: log, watchdog: watchdog}
}

// lookEvery is short enough for a sign of life after each look to satisfy the
// watchdog.
func (s *supervisor) lookEvery() time.Duration {
	if s.watchdog > 0 {
		return min(lookEvery, s.watchdog/2)
	}
	return lookEvery
}

// alive says that a look at the GPUs is done.
func (s *supervisor) alive() {
	s.ready.Do(func() { s.notify(daemon.SdNotifyReady) })
	if s.watchdog > 0 {
		s.notify(daemon.SdNotifyWatchdog)
	}
}

func (s *supervisor) stopping() { s.notify(daemon.SdNotifyStopping) }

func (s *supervisor) notify(state string) { notify(s.log, state) }

// notify tells systemd how the program is.
func notify(log *slog.Logger, state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.Warn("systemd was not told", "state", state, "error", err)
	}
}
