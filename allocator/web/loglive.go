package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// logInterval is how often is looked whether a machine has logged more.
	logInterval = 2 * time.Second
	// mostFollowed is how many lines a page keeps of those that came: older ones go.
	mostFollowed = 2000
)

// logLive sends what a machine logs, until the browser is gone, its session ends or the
// allocator stops. A browser that comes back says by Last-Event-ID what it has.
func (s *server) logLive(w http.ResponseWriter, r *http.Request) {
	out := newStream(w)
	after := lastSeen(r)
	followed := followed{from: after}
	tick := time.NewTicker(logInterval)
	defer tick.Stop()
	for {
		err := s.stillIn(r)
		if err == nil {
			err = s.readLog(r.Context(), r.PathValue("id"), after, readLogFilter(r.URL.Query()), func(lines []api.LogLine, next int64) error {
				after = next
				if len(lines) == 0 {
					return nil
				}
				html, err := s.fragment(r, "machine.html", "loglines", followed.add(lines))
				if err != nil {
					return err
				}
				return out.numbered(strconv.FormatInt(next, 10), html)
			})
		}
		if shutOut(err) || api.CodeOf(err) == api.NotFound {
			_ = out.send("gone", "")
			return
		}
		if err == nil && out.alive() != nil {
			return
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

// lastSeen is the place in the log up to which a browser has it.
func lastSeen(r *http.Request) int64 {
	for _, said := range []string{r.Header.Get("Last-Event-ID"), r.URL.Query().Get("after")} {
		if n, err := strconv.ParseInt(said, 10, 64); err == nil && n >= 0 {
			return n
		}
	}
	return 0
}

// followed are the lines that were sent, by their ids on the page.
type followed struct {
	from       int64
	sent, gone int
}

// logLines are lines that come, and the ids of those that go.
type logLines struct {
	Lines []logLine
	Gone  []string
}

type logLine struct {
	ID string
	api.LogLine
}

// add adds lines that came, and takes away those of before that are too many.
func (f *followed) add(lines []api.LogLine) (out logLines) {
	lines = lines[max(0, len(lines)-mostFollowed):]
	for _, line := range lines {
		f.sent++
		out.Lines = append(out.Lines, logLine{f.id(f.sent), line})
	}
	for ; f.sent-f.gone > mostFollowed; f.gone++ {
		out.Gone = append(out.Gone, f.id(f.gone+1))
	}
	return out
}

func (f *followed) id(n int) string { return fmt.Sprintf("line-%d-%d", f.from, n) }
