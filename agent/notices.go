package agent

import (
	"context"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// noticeTimeout is how long the cloud may take to say what it will do.
const noticeTimeout = 3 * time.Second

// keepWatching looks whether the cloud takes the machine back, and lets the allocator
// hear of it at once. Where nobody can be asked it says so once, and goes on asking.
func (a *Agent) keepWatching(ctx context.Context) {
	t := a.tries("ask instance metadata whether the machine is taken back")
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.Watches:
		}
		asking, cancel := context.WithTimeout(ctx, noticeTimeout)
		notice, err := a.Notices.Next(asking)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			t.failed(err, 0)
			continue
		}
		t.succeeded()
		if a.Machine.noticed(notice) {
			a.Log.Warn("the cloud says what it will do to this machine", "action", notice.Action, "at", notice.At)
		}
	}
}

// noticed keeps what the cloud will do. When that is new, the allocator is told at once, also
// where it was away just now.
func (m *Machine) noticed(n *api.Interruption) bool {
	was := m.notice.Swap(n)
	if n == nil || was != nil && was.Action == n.Action && was.At.Equal(n.At) {
		return false
	}
	m.gpus.Hurry()
	m.changes.hasten()
	return true
}
