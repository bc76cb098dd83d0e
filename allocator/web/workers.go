package web

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// spare is how long a worker waits for another request before it ends.
const spare = 10 * time.Second

// workers answer requests on goroutines of their own. Those of connections then keep the
// small stacks that waiting needs: each of a thousand agents has a connection that waits
// for its next report, on a stack that would have grown to what answering one takes.
type workers struct {
	work chan func()
	over <-chan struct{} // closed when they need not wait any more
	log  *slog.Logger
}

func newWorkers(over <-chan struct{}, log *slog.Logger) workers {
	return workers{make(chan func()), over, log}
}

// do has a worker do something: one that waits, or another one.
func (w workers) do(what func()) {
	select {
	case w.work <- what:
	default:
		go w.keep(what)
	}
}

// keep works until there is nothing to do for a while.
func (w workers) keep(what func()) {
	idle := time.NewTimer(spare)
	defer idle.Stop()
	for {
		what()
		idle.Reset(spare)
		select {
		case what = <-w.work:
		case <-idle.C:
			return
		case <-w.over:
			return
		}
	}
}

// serve has workers answer for next. A panic is the connection's, which ends by it; where
// it came from only the worker's stack tells.
func (w workers) serve(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		done := make(chan any, 1)
		w.do(func() {
			defer func() {
				v := recover()
				if v != nil && v != http.ErrAbortHandler { //nolint:errorlint // what was given to panic, not an error's chain
					w.log.Error("an answer panicked", "panic", v, "path", r.URL.Path, "stack", string(debug.Stack()))
				}
				done <- v
			}()
			next.ServeHTTP(rw, r)
		})
		if v := <-done; v != nil {
			panic(v)
		}
	})
}
