package allocator

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// useEvery is how often what a session is used for is kept, while it goes on.
	useEvery = time.Minute
	// mostUses is of how many sessions it is known when that was.
	mostUses = 20_000
	// usesApart is how far the clocks of a machine and of an allocator may be apart.
	usesApart = 5 * time.Minute
)

// uses is when the use of sessions was kept last, by this allocator.
type uses struct {
	mu sync.Mutex
	at map[string]time.Time
}

// due reports whether it is to be kept again.
func (u *uses) due(session string, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if last, known := u.at[session]; known && now.Sub(last) < useEvery && !last.After(now) {
		return false
	}
	if u.at == nil || len(u.at) >= mostUses {
		u.at = map[string]time.Time{}
	}
	u.at[session] = now
	return true
}

// forget has it kept again at once, as it could not be kept.
func (u *uses) forget(session string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.at, session)
}

// keepUse keeps what a report says of the use of sessions: of the one that goes on now and
// then, and of those that have ended. A machine speaks for those that were on it only.
func (s *Service) keepUse(ctx context.Context, m Machine, r api.Report) error {
	for _, use := range r.Ended {
		if err := s.keepOne(ctx, m, use, use.Session+" ended"); err != nil {
			return err
		}
	}
	if r.Use == nil || r.Use.Session == "" || r.Use.Session != m.Session() {
		return nil
	}
	return s.keepOne(ctx, m, *r.Use, r.Use.Session)
}

// keepOne keeps one use, unless that was done just now under the same key.
func (s *Service) keepOne(ctx context.Context, m Machine, use api.SessionUse, key string) error {
	seat, since, ok := partsOf(use.Session)
	if !ok || !s.used.due(key, s.Now()) {
		return nil
	}
	if err := s.Store.KeepUse(ctx, m.ID, seat, believable(use, s.Now().Sub(since)), s.Now()); err != nil {
		s.used.forget(key)
		return fmt.Errorf("keep what a session on %s was used for: %w", m.ID, err)
	}
	return nil
}

// partsOf are the seat of a session, and when it began; see sessionOf.
func partsOf(session string) (seat string, since time.Time, ok bool) {
	at := strings.LastIndexByte(session, '-')
	if at < 0 {
		return "", since, false
	}
	micro, err := strconv.ParseInt(session[at+1:], 10, 64)
	return session[:at], time.UnixMicro(micro), err == nil
}

// believable is use that a session of so long can have had: whoever has root on a machine
// may say what they like.
func believable(use api.SessionUse, lasted time.Duration) api.SessionUse {
	most := int((max(0, lasted) + usesApart).Seconds())
	bound := func(n int) int { return min(max(0, n), most) }
	use.Seconds = bound(use.Seconds)
	software := make([]api.SoftwareUse, len(use.Software))
	for i, one := range use.Software {
		software[i] = api.SoftwareUse{Name: oneLine(one.Name), Seconds: bound(one.Seconds), First: bound(one.First)}
		if one.Active != nil {
			software[i].Active = new(min(bound(*one.Active), software[i].Seconds))
		}
	}
	use.Software = software
	if use.GPUActive != nil {
		use.GPUActive = new(bound(*use.GPUActive))
	}
	if use.GPUPeak != nil {
		use.GPUPeak = new(min(*use.GPUPeak, 100))
	}
	return use
}
