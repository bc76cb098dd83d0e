package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// fragmentInterval is how often a live part of a page is looked at.
const fragmentInterval = time.Second

// stream sends server-sent events.
type stream struct {
	w      http.ResponseWriter
	flush  *http.ResponseController
	opened bool
}

func newStream(w http.ResponseWriter) *stream {
	return &stream{w: w, flush: http.NewResponseController(w)}
}

// send sends one event; the event "" is the usual one.
func (s *stream) send(event, data string) error {
	if !s.opened {
		s.opened = true
		s.w.Header().Set("Content-Type", "text/event-stream")
		s.w.Header().Set("Cache-Control", "no-store")
	}
	var out bytes.Buffer
	if event != "" {
		fmt.Fprintf(&out, "event: %s\n", event)
	}
	for line := range strings.SplitSeq(data, "\n") {
		fmt.Fprintf(&out, "data: %s\n", line)
	}
	out.WriteString("\n")
	_ = s.flush.SetWriteDeadline(time.Now().Add(patience)) // one that cannot be set is no reason to stop
	if _, err := out.WriteTo(s.w); err != nil {
		return err
	}
	return s.flush.Flush()
}

// live sends a part of a staff page whenever it has changed, until the browser is
// gone, its session ends or the allocator stops.
func (s *server) live(w http.ResponseWriter, r *http.Request, page, part string, look func() (any, error)) {
	stream := newStream(w)
	tick := time.NewTicker(fragmentInterval)
	defer tick.Stop()
	shown, last := "", "" // what was found last, and what was sent
	for {
		err := s.stillIn(r)
		if code := api.CodeOf(err); code == api.Unauthorized || code == api.Forbidden {
			_ = stream.send("gone", "")
			return
		}
		var data any
		if err == nil {
			data, err = look()
		}
		if api.CodeOf(err) == api.NotFound {
			_ = stream.send("gone", r.Header.Get("Referer"))
			return
		}
		var html string
		if err == nil {
			if shown, err = s.fragment(page, part, data); err != nil {
				s.Log.ErrorContext(r.Context(), "a part of a page cannot be shown", "page", page, "part", part, "error", err)
				return
			}
			html = shown
		} else { // while the database is away, what was there is shown, and what is wrong
			html = s.troubled(r) + shown
		}
		if html != last {
			if stream.send("", html) != nil {
				return
			}
			last = html
		}
		select {
		case <-r.Context().Done():
			return
		case <-s.stopping:
			return
		case <-tick.C:
		}
	}
}

// troubled says, in a part of a staff page, what is wrong with the allocator.
func (s *server) troubled(r *http.Request) string {
	html, err := s.fragment("problem.html", "troubles", s.troubles(r.Context()))
	if err != nil {
		s.Log.ErrorContext(r.Context(), "what is wrong cannot be shown", "error", err)
	}
	return html
}
