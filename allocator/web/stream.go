package web

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator/web/live"
	"github.com/talmolab/lablink-infrastructure/api"
)

// fragmentInterval is how often a live part of a page is looked at.
const fragmentInterval = time.Second

// stream sends server-sent events.
type stream struct {
	w      http.ResponseWriter
	flush  *http.ResponseController
	opened bool
	pads   bool      // whether what is sent has any length
	said   time.Time // when something was sent last
}

func newStream(w http.ResponseWriter) *stream {
	return &stream{w: w, flush: http.NewResponseController(w)}
}

// send sends one event; the event "" is the usual one.
func (s *stream) send(event, data string) error {
	var out bytes.Buffer
	if event != "" {
		fmt.Fprintf(&out, "event: %s\n", event)
	}
	writeData(&out, data)
	out.WriteString("\n")
	return s.write(out.Bytes())
}

// endings are all that end a line of an event. What a machine says may have any of them, and
// would tell the browser something of its own behind one that is passed on.
var endings = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// writeData writes what an event says, line by line.
func writeData(out *bytes.Buffer, data string) {
	for line := range strings.SplitSeq(endings.Replace(data), "\n") {
		fmt.Fprintf(out, "data: %s\n", line)
	}
}

// numbered sends an event that a browser names, by Last-Event-ID, when it comes back.
func (s *stream) numbered(id, data string) error {
	var out bytes.Buffer
	writeData(&out, data)
	out.WriteString("id: " + id + "\n\n")
	return s.write(out.Bytes())
}

// silence is how long nothing may come before what is between here and the browser takes
// the connection for lost.
const silence = 15 * time.Second

// alive sends nothing that is seen, at the start and then after each silence.
func (s *stream) alive() error {
	if s.opened && time.Since(s.said) < silence {
		return nil
	}
	return s.write([]byte(": nothing new\n\n"))
}

func (s *stream) write(raw []byte) error {
	if !s.opened {
		s.opened = true
		s.w.Header().Set("Content-Type", "text/event-stream")
		s.w.Header().Set("Cache-Control", "no-store")
	}
	s.said = time.Now()
	_ = s.flush.SetWriteDeadline(s.said.Add(patience)) // one that cannot be set is no reason to stop
	if s.pads {
		raw = append(padding(), raw...)
	}
	if _, err := s.w.Write(raw); err != nil {
		return err
	}
	return s.flush.Flush()
}

// liveRegion is the part of a page that a stream keeps up to date. The stream is told what
// the browser has.
func liveRegion(t *template.Template, part, address string, data any) (template.HTML, error) {
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, part, data); err != nil {
		return "", err
	}
	page := live.Parse(part, out.String())
	if err := page.Check(); err != nil {
		return "", err
	}
	of := "?of="
	if strings.Contains(address, "?") {
		of = "&of="
	}
	return template.HTML(fmt.Sprintf(`<div id="%s" hx-ext="sse,live" sse-connect="%s" sse-swap="message" sse-close="gone" hx-swap="none">%s</div>`, //nolint:gosec // written by a template
		part, template.HTMLEscapeString(address+of+page.Sum()), page.HTML())), nil
}

// updates send what has changed in a part of a page.
type updates struct {
	*stream
	part string
	has  string     // the sum of what the browser has, until it was looked for the first time
	last *live.Page // what was sent last
}

// newUpdates is for a browser that has the page as it was loaded, or, where it comes back, as
// the last event made it.
func newUpdates(w http.ResponseWriter, r *http.Request, part string) *updates {
	has := cmp.Or(r.Header.Get("Last-Event-ID"), r.URL.Query().Get("of"))
	return &updates{stream: newStream(w), part: part, has: has}
}

// show sends what makes the browser's part look like this one.
func (u *updates) show(rendered string) error { return u.become(live.Parse(u.part, rendered)) }

// become is the same, of what is read already.
func (u *updates) become(now *live.Page) error {
	last := u.last
	u.last = now
	changes := ""
	switch {
	case last == now: // another one looked, and nobody has since
	case last != nil:
		changes = live.Diff(last, now)
	case now.Sum() != u.has:
		changes = now.Whole()
	}
	if changes == "" {
		return u.alive()
	}
	return u.numbered(now.Sum(), changes)
}

// live sends a part of a staff page whenever it has changed, until the browser is
// gone, its session ends or the allocator stops.
func (s *server) live(w http.ResponseWriter, r *http.Request, page, part string, data func(*look) (any, error)) {
	updates := newUpdates(w, r, part)
	updates.pack(r, func() { s.follow(updates, r, page, part, data) })
}

// follow does that, for a stream that is packed.
func (s *server) follow(updates *updates, r *http.Request, page, part string, data func(*look) (any, error)) {
	shared, closed := s.looks.open(s.lookKey(r, page, part))
	defer closed()
	wait := time.NewTimer(0)
	defer wait.Stop()
	shown := found{} // what was found last
	for {
		select {
		case <-r.Context().Done():
			return
		case <-s.stopping:
			return
		case <-wait.C:
		}
		err := s.stillIn(r)
		if shutOut(err) {
			_ = updates.send("gone", "")
			return
		}
		var now found
		if err == nil {
			now, err = shared.find(r.Context(), time.Now, func(l *look) (found, error) { return s.lookAt(r, page, part, l, data) })
		}
		if api.CodeOf(err) == api.NotFound {
			_ = updates.send("gone", r.Header.Get("Referer"))
			return
		}
		if errors.Is(err, errUnshown) {
			s.Log.ErrorContext(r.Context(), "a part of a page cannot be shown", "page", page, "part", part, "error", err)
			return
		}
		if err == nil {
			shown = now
			err = updates.become(now.page)
		} else { // while the database is away, what was there is shown, and what is wrong
			err = updates.show(s.troubled(r) + shown.html)
		}
		if err != nil {
			return
		}
		wait.Reset(untilNext(len(shown.html)))
	}
}

// lookAt finds a part of a page as it is now.
func (s *server) lookAt(r *http.Request, page, part string, l *look, data func(*look) (any, error)) (found, error) {
	of, err := data(l)
	if err != nil {
		return found{}, err
	}
	html, err := s.fragment(r, page, part, of)
	if err != nil {
		return found{}, fmt.Errorf("%w: %w", errUnshown, err)
	}
	return found{html, live.Parse(part, html)}, nil
}

// troubled says, in a part of a staff page, what is wrong with the allocator. It is a part for
// itself: what was there before stays as it is.
func (s *server) troubled(r *http.Request) string {
	html, err := s.fragment(r, "problem.html", "troubles", s.troubles(r.Context()))
	if err != nil {
		s.Log.ErrorContext(r.Context(), "what is wrong cannot be shown", "error", err)
	}
	return string(live.Begin("troubled")) + `<div id="troubled">` + html + "</div>" + string(live.End())
}
