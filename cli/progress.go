package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// barWidth is how many columns a progress bar takes.
const barWidth = 20

// progress tells people who wait how far something is: on a terminal in a line that
// changes, elsewhere in a line for each change.
type progress struct {
	out     io.Writer
	live    bool
	width   int
	started time.Time
	last    string
}

// progress begins to tell.
func (g *Globals) progress() *progress {
	p := &progress{out: g.Err, live: g.Live, width: cmp.Or(g.Width, 80), started: time.Now()}
	if p.out == nil {
		p.out = io.Discard
	}
	return p
}

// tell says that so many of so many are done, and what is waited for.
func (p *progress) tell(done, total int, doing string) {
	text := fmt.Sprintf("%d of %d", done, total)
	if doing != "" {
		text += ": " + doing
	}
	p.show(bar(done, total)+" ", text)
}

// note says what keeps from telling that.
func (p *progress) note(text string) { p.show("", text) }

func (p *progress) show(bar, text string) {
	text = plain(text)
	if p.live {
		took := time.Since(p.started).Round(time.Second).String()
		fmt.Fprint(p.out, "\r\x1b[K"+cut(bar+took+"  "+text, p.width-1))
	} else if text != p.last {
		fmt.Fprintln(p.out, text)
	}
	p.last = text
}

// end goes to the next line, which others may write.
func (p *progress) end() {
	if p.live && p.last != "" {
		fmt.Fprintln(p.out)
	}
}

// bar is a progress bar.
func bar(done, total int) string {
	full := barWidth
	if total > 0 {
		full = min(barWidth, barWidth*done/total)
	}
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", barWidth-full) + "]"
}

// cut is text of so many letters at most.
func cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:max(0, most-1)]) + "…"
}
