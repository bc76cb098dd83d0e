package web

import (
	"context"
	"fmt"
	"html/template"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// logFilter says which lines of a machine's log are asked for.
type logFilter struct {
	Text   string
	Errors bool   // warnings, too
	Since  string // one of logSince; "" for all
}

// logSince are how far back a log is read.
var logSince = map[string]time.Duration{"15m": 15 * time.Minute, "1h": time.Hour, "24h": 24 * time.Hour}

func readLogFilter(q url.Values) logFilter {
	f := logFilter{Text: strings.TrimSpace(q.Get("q")), Errors: q.Has("errors"), Since: q.Get("since")}
	if _, known := logSince[f.Since]; !known {
		f.Since = ""
	}
	return f
}

// Query is the filter as it stands in an address.
func (f logFilter) Query() template.URL {
	q := given(map[string]string{"q": f.Text, "since": f.Since})
	if f.Errors {
		q.Set("errors", "")
	}
	return template.URL(q.Encode()) //nolint:gosec // encoded
}

// passes reports whether a line is asked for, at a time.
func (f logFilter) passes(line api.LogLine, now time.Time) bool {
	switch {
	case f.Errors && line.Level != "error" && line.Level != "warn":
		return false
	case f.Since != "" && line.At.Before(now.Add(-logSince[f.Since])):
		return false
	}
	text := strings.ToLower(line.Source + ": " + line.Text)
	return f.Text == "" || strings.Contains(text, strings.ToLower(f.Text))
}

// logView is the part of a machine's page that shows its log.
type logView struct {
	Machine string
	Filter  logFilter
	Lines   []api.LogLine
	Left    int   // how many older ones are not shown
	Next    int64 // where to read on
}

// Address is where the lines that come are sent.
func (v logView) Address() string {
	return fmt.Sprintf("/admin/machines/%s/log/live?%s&after=%d", v.Machine, v.Filter.Query(), v.Next)
}

// firstLog is the end of a machine's log.
func (s *server) firstLog(r *http.Request, machine string) (*logView, error) {
	v := &logView{Machine: machine, Filter: readLogFilter(r.URL.Query())}
	err := s.readLog(r.Context(), machine, 0, v.Filter, func(lines []api.LogLine, next int64) error {
		v.Lines, v.Next = append(v.Lines, lines...), next
		if over := len(v.Lines) - firstLines; over > 0 {
			v.Lines, v.Left = v.Lines[over:], v.Left+over
		}
		return nil
	})
	return v, err
}

// readLog reads a log after a place to its end.
func (s *server) readLog(ctx context.Context, machine string, after int64, f logFilter, take func(lines []api.LogLine, next int64) error) error {
	for {
		page, err := s.Service.Logs(ctx, machine, after)
		if err != nil {
			return err
		}
		now := s.Service.Now()
		var lines []api.LogLine
		for _, line := range page.Lines {
			if f.passes(line, now) {
				lines = append(lines, line)
			}
		}
		if err := take(lines, page.Next); err != nil || page.Next == after {
			return err
		}
		after = page.Next
	}
}

// logFile is a machine's log as a file.
func (s *server) logFile(w http.ResponseWriter, r *http.Request) {
	id, f := r.PathValue("id"), readLogFilter(r.URL.Query())
	if _, err := s.Service.Store.Machine(r.Context(), id); err != nil {
		s.fail(w, r, err)
		return
	}
	how := "inline"
	if r.URL.Query().Has("download") {
		how = "attachment"
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", mime.FormatMediaType(how, map[string]string{"filename": id + ".log"}))
	w.Header().Set("Cache-Control", "no-store")
	err := s.readLog(r.Context(), id, 0, f, func(lines []api.LogLine, _ int64) error {
		for _, line := range lines {
			if _, err := fmt.Fprintf(w, "%s %-5s %s: %s\n", line.At.UTC().Format("2006-01-02T15:04:05.000Z"), line.Level, line.Source, line.Text); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.Log.WarnContext(r.Context(), "a log was not read to its end", "machine", id, "error", err)
		_, _ = fmt.Fprintln(w, "The rest could not be read. Load the page again.")
	}
}
