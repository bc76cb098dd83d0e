package agent

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/talmolab/lablink-infrastructure/api"
)

// What is kept of the log for an allocator that is away: lines, and bytes of them.
const (
	maxLogged      = 2000
	maxLoggedBytes = 512 << 10
)

// Logbook keeps what was logged until the allocator has it. Its methods may be called
// from several goroutines.
type Logbook struct {
	run string
	now func() time.Time

	mu     sync.Mutex
	lines  []api.LogLine
	bytes  int           // of their texts
	lost   int           // lines before these
	going  *api.LogBatch // that the allocator is being told; nil when there is none
	number int64         // of the newest batch
}

// NewLogbook makes a logbook. Run tells this run of the agent from all others, and now
// is the clock.
func NewLogbook(run string, now func() time.Time) *Logbook { return &Logbook{run: run, now: now} }

// Add adds a line. The oldest one makes room when there are too many.
func (l *Logbook) Add(level, source, text string) {
	line := api.LogLine{At: l.now().UTC(), Level: level, Source: source, Text: plain(text)}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines, l.bytes = append(l.lines, line), l.bytes+len(line.Text)
	for len(l.lines) > maxLogged || l.bytes > maxLoggedBytes {
		l.bytes -= len(l.lines[0].Text)
		l.lines, l.lost = l.lines[1:], l.lost+1
	}
}

// next is what the allocator is to be told next; nil when there is nothing. It is the
// same again until told was called.
func (l *Logbook) next() *api.LogBatch {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.going == nil && len(l.lines) > 0 {
		l.number++
		count := min(len(l.lines), api.MaxLogLines)
		l.going = &api.LogBatch{Run: l.run, Number: l.number, Lost: l.lost, Lines: l.lines[:count:count]}
		l.lines, l.lost = l.lines[count:], 0
		for _, line := range l.going.Lines {
			l.bytes -= len(line.Text)
		}
	}
	return l.going
}

// told ends what next returned: the allocator has it, or will never take it.
func (l *Logbook) told() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.going = nil
}

// colours are what terminals read as something else than text (ECMA-48): colours and
// cursors, titles and links, character sets.
var colours = regexp.MustCompile(`\x1b(?:\[[0-9:;<=>?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]+[0-~]|[0-~])`)

// plain is text without what is not to be seen, and not too long.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' {
			return -1
		}
		return r
	}, colours.ReplaceAllString(strings.ToValidUTF8(text, "�"), ""))
	if len(text) > api.MaxLogLine {
		text = strings.ToValidUTF8(text[:api.MaxLogLine-len("…")], "") + "…"
	}
	return text
}

// Handler is a slog.Handler that writes into the logbook what it passes on to next.
func (l *Logbook) Handler(source string, next slog.Handler) slog.Handler {
	page := &page{book: l, source: source}
	return &tee{page: page, text: slog.NewTextHandler(page, &slog.HandlerOptions{ReplaceAttr: page.leaveOut}), next: next}
}

// page is what a handler writes on.
type page struct {
	book   *Logbook
	source string

	mu    sync.Mutex
	level string // of the line that is being written
}

// leaveOut leaves out what a line of the logbook has beside its text.
func (p *page) leaveOut(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
		return slog.Attr{}
	}
	return a
}

// Write adds a line to the logbook.
func (p *page) Write(line []byte) (int, error) {
	p.book.Add(p.level, p.source, strings.TrimPrefix(strings.TrimSpace(string(line)), "msg="))
	return len(line), nil
}

// tee writes into a logbook and passes on.
type tee struct {
	page *page
	text slog.Handler // writes on the page
	next slog.Handler
}

func (t *tee) Enabled(ctx context.Context, level slog.Level) bool { return t.next.Enabled(ctx, level) }

func (t *tee) Handle(ctx context.Context, r slog.Record) error {
	t.page.mu.Lock()
	t.page.level = strings.ToLower(r.Level.String())
	_ = t.text.Handle(ctx, r) // Write does not fail
	t.page.mu.Unlock()
	return t.next.Handle(ctx, r)
}

func (t *tee) WithAttrs(a []slog.Attr) slog.Handler {
	return &tee{page: t.page, text: t.text.WithAttrs(a), next: t.next.WithAttrs(a)}
}

func (t *tee) WithGroup(name string) slog.Handler {
	return &tee{page: t.page, text: t.text.WithGroup(name), next: t.next.WithGroup(name)}
}
