package web

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/web/live"
)

// What a large part of a page costs to look at is bounded: it is looked at less often.
const (
	// perLook is for how many bytes of a part one interval is waited.
	perLook = 200 << 10
	// mostIntervals is how many are waited at most.
	mostIntervals = 5
)

// untilNext is how long is waited before a part of so many bytes is looked at again.
func untilNext(bytes int) time.Duration {
	return fragmentInterval * time.Duration(max(1, min(bytes/perLook, mostIntervals)))
}

// found is a part of a page as it was found.
type found struct {
	html string // with its marks
	page *live.Page
}

// errUnshown is what cannot be shown whatever is found: a fault of the template.
var errUnshown = errors.New("the part cannot be shown")

// lookKey names all that what somebody is shown depends on. Whoever has the same key is
// shown the same.
type lookKey struct {
	page, part, host, path, query, language string
	role                                    allocator.Role
}

func (s *server) lookKey(r *http.Request, page, part string) lookKey {
	in, _ := s.pages.of(r, page)
	query := r.URL.Query()
	query.Del("of") // what the browser has already
	return lookKey{page, part, r.Host, r.URL.Path, query.Encode(), in.String(), roleOf(r)}
}

// looks are the parts of pages that somebody has open now.
type looks struct {
	mu sync.Mutex
	of map[lookKey]*look
}

// look is one of them. Of all who have it open, one looks and the others are shown what
// that one found.
type look struct {
	viewers int
	turn    chan struct{} // who has put something in looks
	at      time.Time     // when it was looked at last
	last    found
	err     error
	status  lastStatus // of the machine that it shows, where it shows one
}

// open adds somebody who looks, until close is called.
func (l *looks) open(key lookKey) (one *look, closed func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil {
		l.of = map[lookKey]*look{}
	}
	one = l.of[key]
	if one == nil {
		one = &look{turn: make(chan struct{}, 1)}
		l.of[key] = one
	}
	one.viewers++
	return one, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if one.viewers--; one.viewers == 0 {
			delete(l.of, key)
		}
	}
}

// find is what was found lately, or is found now. Who looks first goes on looking first,
// as what they find is good for nearly as long as they wait.
func (l *look) find(ctx context.Context, now func() time.Time, find func(*look) (found, error)) (found, error) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return found{}, ctx.Err()
	}
	if !l.at.IsZero() && now().Sub(l.at).Abs() < untilNext(len(l.last.html))*3/4 {
		return l.last, l.err
	}
	out, err := find(l)
	if ctx.Err() != nil { // who looked has gone, which says nothing of what there is
		return out, err
	}
	if l.at, l.err = now(), err; err == nil {
		l.last = out
	}
	return l.last, err
}
