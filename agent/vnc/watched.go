package vnc

import (
	"fmt"
	"net/http"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Watchers is how many watch the desktop of somebody else.
func (d *Desktop) Watchers() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.watchers
}

// Controllers is how many of them also work on it.
func (d *Desktop) Controllers() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.controllers
}

// watched tells a participant's page, by server-sent events, how many watch, and by the event
// "controls" how many of them also work there: at once, and whenever that changes.
func (d *Desktop) watched(w http.ResponseWriter, r *http.Request) {
	if p := d.listen(); p != nil {
		Problem(w, p)
		return
	}
	defer d.unlisten()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	tick := time.NewTicker(d.patience)
	defer tick.Stop()
	told := 0
	for {
		n, controls, changes := d.watching()
		text := fmt.Sprintf("data: %d\n\n", n)
		if controls != told {
			text = fmt.Sprintf("event: controls\ndata: %d\n\n", controls) + text
			told = controls
		}
		if !d.tell(w, text) {
			return
		}
		for same := true; same; {
			select {
			case <-r.Context().Done():
				return
			case <-changes:
				same = false
			case <-tick.C: // so that a browser that is gone is noticed
				if !d.tell(w, ":\n\n") {
					return
				}
			}
		}
	}
}

// tell writes to a page that takes it within some time.
func (d *Desktop) tell(w http.ResponseWriter, text string) bool {
	to := http.NewResponseController(w)
	_ = to.SetWriteDeadline(time.Now().Add(d.patience))
	_, err := w.Write([]byte(text))
	return err == nil && to.Flush() == nil
}

// watching is how many watch, how many of them work there, and what is closed when that
// changes.
func (d *Desktop) watching() (watch, control int, changes <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.watchers, d.controllers, d.changes
}

// listen counts one more page that is told.
func (d *Desktop) listen() *api.Problem {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.session == "" {
		return NotYet()
	}
	if d.listeners >= maxStreams {
		return tooMany()
	}
	d.listeners++
	return nil
}

func (d *Desktop) unlisten() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.listeners--
}
