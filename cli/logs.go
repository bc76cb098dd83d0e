package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// LogsCommand prints what a machine logged.
type LogsCommand struct {
	AtStack
	Machine string        `arg:"" help:"Its id, mch_…, or the address of who is on it."`
	Follow  bool          `short:"f" help:"Go on with what it logs, until the machine ends. Agents send what they have every ten seconds."`
	Level   string        `enum:"debug,info,warn,error" default:"debug" help:"Only lines that are as bad as this, or worse: debug, info, warn or error (${default})."`
	Source  string        `help:"Only lines of this program, for example set-up."`
	Grep    string        `placeholder:"PATTERN" help:"Only lines whose text has this regular expression."`
	Since   time.Duration `help:"Only lines of so long, by the machine's clock, for example 10m."`
	Tail    int           `short:"n" help:"Only the newest lines, so many; 0: all that are kept, the newest MiB of the last 30 days."`
}

// levels are how bad a line may be, the least first.
var levels = []string{"debug", "info", "warn", "error"}

// filter says which lines are wanted.
type filter struct {
	level  int
	source string
	text   *regexp.Regexp
	since  time.Time
}

// filter is what the flags say.
func (c LogsCommand) filter(now time.Time) (filter, error) {
	f := filter{level: slices.Index(levels, c.Level), source: c.Source}
	if c.Since > 0 {
		f.since = now.Add(-c.Since)
	}
	var err error
	if f.text, err = regexp.Compile(c.Grep); err != nil {
		return f, api.Problemf(api.Invalid, "That is no pattern", "%s. A text that has . * + ? ( ) [ ] | \\ in it needs a \\ before each.", err)
	}
	return f, nil
}

// wants reports whether a line is wanted.
func (f filter) wants(l api.LogLine) bool {
	return slices.Index(levels, l.Level) >= f.level && (f.source == "" || l.Source == f.source) && !l.At.Before(f.since) && f.text.MatchString(l.Text)
}

// Run prints what there is, and then, where that is wanted, what comes.
func (c LogsCommand) Run(ctx context.Context, g *Globals) error {
	wanted, err := c.filter(time.Now())
	if err != nil {
		return err
	}
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	id, err := machineOf(ctx, client, c.Machine)
	if err != nil {
		return err
	}
	lines, next, err := logged(ctx, client, id, 0, wanted)
	if err != nil {
		return err
	}
	if c.Tail > 0 {
		lines = lines[max(0, len(lines)-c.Tail):]
	}
	if !c.Follow {
		return g.printLog(lines)
	}
	return g.followLog(ctx, client, id, lines, next, wanted)
}

// logged are the lines of a machine after a place, of which those are wanted, and the
// place where to go on.
func logged(ctx context.Context, client *api.Client, id string, after int64, wanted filter) ([]api.LogLine, int64, error) {
	lines := []api.LogLine{}
	for {
		var page api.LogPage
		err := client.Do(ctx, http.MethodGet, pathOf(id, "logs?after=")+strconv.FormatInt(after, 10), nil, &page)
		if err != nil {
			return lines, after, err
		}
		for _, line := range page.Lines {
			if wanted.wants(line) {
				lines = append(lines, line)
			}
		}
		if page.Next == after {
			return lines, after, nil
		}
		after = page.Next
	}
}

// printLog prints lines, or all of them as one JSON document.
func (g *Globals) printLog(lines []api.LogLine) error {
	if g.JSON {
		return g.show(lines, nil)
	}
	return g.printLines(lines)
}

// printLines prints lines, each as it is on the page, or as a JSON document of its own.
func (g *Globals) printLines(lines []api.LogLine) error {
	for _, l := range lines {
		text := fmt.Sprintf("%s %-5s %s: %s", l.At.Local().Format("2006-01-02T15:04:05.000Z07:00"), l.Level, plain(l.Source), plain(l.Text))
		if g.JSON {
			raw, err := json.Marshal(l)
			if err != nil {
				return fmt.Errorf("write a line down: %w", err)
			}
			text = string(raw)
		}
		if _, err := fmt.Fprintln(g.Out, text); err != nil {
			return fmt.Errorf("print the log: %w", err)
		}
	}
	return nil
}
