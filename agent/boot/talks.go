package boot

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// What an agent writes of itself: that it has just started, and that it has had a report
// answered and a tunnel open since. Agents of older releases write nothing.
const (
	no  = "no"
	yes = "yes"
)

// talksFile is where the agent writes it, in the folder of its state.
func talksFile(state string) string { return filepath.Join(state, "talks") }

// Started writes that an agent has started, before it says that it is ready.
func Started(state string) error { return writeTalks(state, no) }

// Talks writes that it and its allocator understand each other.
func Talks(state string) error { return writeTalks(state, yes) }

func writeTalks(state, word string) error {
	if err := os.MkdirAll(state, 0o700); err != nil {
		return err
	}
	return WriteNote(talksFile(state), word)
}

// talks is what the agent that runs has written; "" where that cannot be read.
func (u *Updater) talks() string {
	raw, err := host.ReadNote(talksFile(u.State))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(raw))
}

// watch looks on for a while whether the agent goes on. Where the one before got on with the
// allocator, this one must too: it could not be told of another release otherwise.
func (u *Updater) watch(ctx context.Context, _ string, mustTalk bool) error {
	began := time.Now()
	err := host.Watch(ctx, u.Limits.Watch, u.Limits.Look, func() error { return u.runs(ctx) })
	if err != nil || !mustTalk {
		return err
	}
	mute, err := u.mute(ctx, u.Limits.Talk-time.Since(began))
	if err != nil || !mute {
		return err
	}
	if err := u.There(ctx); err != nil {
		return u.nobody(err)
	}
	// It may have been away until now, and the agent in its longest pause.
	if mute, err = u.mute(ctx, u.Limits.Pause); err != nil || !mute {
		return err
	}
	return u.silent(ctx)
}

// mute looks on for a while whether the agent goes on, and reports whether it has not talked
// by then.
func (u *Updater) mute(ctx context.Context, during time.Duration) (bool, error) {
	for began := time.Now(); u.talks() == no; {
		if time.Since(began) >= during {
			return true, nil
		}
		if err := host.Watch(ctx, u.Limits.Look, u.Limits.Look/2, func() error { return u.runs(ctx) }); err != nil {
			return false, err
		}
	}
	return false, nil
}

func (u *Updater) runs(ctx context.Context) error {
	if err := host.Systemctl(ctx, "is-active", service); err != nil {
		return host.Faultf("it ended after it was ready: %w", err)
	}
	return nil
}

// silent is what an agent is given up for that does not get on with its allocator.
func (u *Updater) silent(ctx context.Context) error {
	if err := u.There(ctx); err != nil {
		return u.nobody(err)
	}
	return host.Faultf("it had no report answered and no tunnel open within %s, which the agent before had", u.Limits.Talk+u.Limits.Pause)
}

// nobody is why an agent is taken back whose allocator does not answer this program either:
// the one before is sure to get on with it once it is back, and the new one is tried again then.
func (u *Updater) nobody(err error) error {
	u.away = true
	return host.Faultf("its allocator did not answer it, nor did it answer the updater, so it is tried again later: %w", err)
}
