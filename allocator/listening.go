package allocator

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// listening is since when this allocator hears of agents. It begins anew whenever
// something that one said could not be kept: what is kept then tells nothing of who was
// silent.
type listening struct {
	mu    sync.Mutex
	began time.Time
}

// since is since when it listens: from now on, where nobody asked before.
func (l *listening) since(now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.began.IsZero() {
		l.began = now
	}
	return l.began
}

func (l *listening) anew(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.began = now
}

// unheard begins to listen anew where err is the store's, and not of an agent that hung
// up or said what cannot be.
func (s *Service) unheard(err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	if code := api.CodeOf(err); code == "" || code == api.Internal || code == api.Unavailable {
		s.listens.anew(s.Now())
	}
}
