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
	return os.WriteFile(talksFile(state), []byte(word+"\n"), 0o600)
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
	patience := time.NewTimer(u.Limits.Talk)
	defer patience.Stop()
	err := host.Watch(ctx, u.Limits.Watch, u.Limits.Look, func() error { return u.runs(ctx) })
	for err == nil && mustTalk && u.talks() == no {
		select {
		case <-patience.C:
			return u.silent(ctx)
		default:
		}
		err = host.Watch(ctx, u.Limits.Look, u.Limits.Look/2, func() error { return u.runs(ctx) })
	}
	return err
}

func (u *Updater) runs(ctx context.Context) error {
	if err := host.Systemctl(ctx, "is-active", service); err != nil {
		return host.Faultf("it ended after it was ready: %w", err)
	}
	return nil
}

// silent is what an agent is given up for that does not get on with its allocator. Where that
// does not answer this program either, the one before is sure to get on with it once it is
// back, and the new one is tried again then.
func (u *Updater) silent(ctx context.Context) error {
	if err := u.There(ctx); err != nil {
		u.away = true
		return host.Faultf("its allocator did not answer within %s, nor did it answer the updater, so it is tried again later: %w", u.Limits.Talk, err)
	}
	return host.Faultf("it had no report answered and no tunnel open within %s, which the agent before had", u.Limits.Talk)
}
