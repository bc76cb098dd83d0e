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

// An allocator that was away is not tried again for up to a minute, and one that said so for
// longer: of the two minutes that AWS gives, none is lost to that.
func TestWhatCannotWaitIsReportedAsSoonAsTheAllocatorAnswers(t *testing.T) {
	for name, busy := range map[string]*api.Problem{"it was away": nil, "it asked to wait": {Code: api.Unavailable, Title: "Later", RetryAfter: 10 * time.Minute}} {
		for what, happens := range map[string]func(*world) bool{
			"a notice": func(w *world) bool {
				w.notices.say(&api.Interruption{Action: "terminate", At: time.Now().Add(2 * time.Minute)}, nil)
				return true
			},
			"a GPU that is lost": func(w *world) bool { w.lose(); return false },
		} {
			t.Run(what+", as "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld()
					w.notices = &fakeNotices{}
					w.start(t)
					after(7 * time.Second)
					w.allocator.goAway()
					w.allocator.change(func() { w.allocator.answer = busy; w.allocator.away = busy == nil })
					after(3 * time.Minute)
					w.allocator.change(func() { w.allocator.away, w.allocator.answer = false, nil })
					before := len(w.allocator.now().reports)
					notice := happens(w)
					after(6 * time.Second) // it is looked for every five
					told := w.allocator.now().reports[before:]
					require.NotEmpty(t, told)
					if notice {
						require.NotNil(t, told[0].Interruption)
					} else {
						require.Equal(t, api.Unhealthy, told[0].Health)
					}
				})
			})
		}
	}
}

// Each ends one pause: an allocator that stays away is not asked again and again.
func TestANoticeDoesNotCallAnAllocatorThatIsAwayAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.notices = &fakeNotices{}
		w.start(t)
		after(7 * time.Second)
		w.allocator.goAway()
		after(10 * time.Minute)
		w.notices.say(&api.Interruption{Action: "terminate", At: time.Now().Add(2 * time.Minute)}, nil)
		before := w.allocator.now().tried
		after(time.Minute)
		tried := w.allocator.now().tried - before
		assert.Greater(t, tried, 5, "it is tried at short intervals at first")
		assert.Less(t, tried, 15)
	})
}
