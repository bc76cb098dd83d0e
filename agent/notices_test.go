package agent_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

// fakeNotices says what the test wants it to.
type fakeNotices struct {
	mu   sync.Mutex
	next *api.Interruption
	err  error
}

func (n *fakeNotices) Next(context.Context) (*api.Interruption, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.next, n.err
}

func (n *fakeNotices) say(next *api.Interruption, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.next, n.err = next, err
}

func TestAnInterruptionIsReportedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.allocator.interval = 60
		w.notices = &fakeNotices{}
		w.start(t)
		after(7 * time.Second)
		require.Len(t, w.allocator.now().reports, 1)
		assert.Nil(t, w.allocator.now().reports[0].Interruption)
		w.notices.say(nil, errors.New("nobody answers"))
		after(20 * time.Second)
		at := time.Now().Add(2 * time.Minute)
		w.notices.say(&api.Interruption{Action: "terminate", At: at}, nil)
		after(5 * time.Second)
		reports := w.allocator.now().reports
		require.Len(t, reports, 2)
		assert.Equal(t, &api.Interruption{Action: "terminate", At: at}, reports[1].Interruption)
		after(20 * time.Second)
		assert.Len(t, w.allocator.now().reports, 2, "and once")
		after(45 * time.Second)
		assert.NotNil(t, w.allocator.now().reports[2].Interruption, "later reports hold it too")
	})
}

// As when an allocator comes back that was away, or both happen at the same moment.
func TestAnInterruptionDoesNotWaitBehindAChangeOfHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.allocator.interval = 300
		w.notices = &fakeNotices{}
		w.start(t)
		after(7 * time.Second)
		w.allocator.goAway()
		w.lose()
		after(20 * time.Second)
		notice := api.Interruption{Action: "terminate", At: time.Now().Add(2 * time.Minute)}
		w.notices.say(&notice, nil)
		after(10 * time.Second)
		w.allocator.change(func() { w.allocator.away = false })
		for len(w.allocator.now().reports) == 1 {
			after(time.Second)
		}
		told := w.allocator.now().reports[1:]
		assert.Equal(t, api.Unhealthy, told[0].Health, "what changed before")
		assert.Equal(t, &notice, told[0].Interruption, "with it, and not five minutes later")
	})
}
