package allocator

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// logBytes is how much of a machine's log is kept, in bytes: the newest of it.
	logBytes = 1 << 20
	// logPage is how many batches are read at once.
	logPage = 50
)

// LogBatch is a batch of a machine's log as it is kept.
type LogBatch struct {
	Seq    int64  // its place in the log
	Before string // the run of the batch before it, or "" where none is kept
	api.LogBatch
}

// KeepLogs takes what an agent logged. The same batch again changes nothing.
func (s *Service) KeepLogs(ctx context.Context, a Agent, b api.LogBatch) error {
	at := s.Now()
	if s.clockTrouble(ctx) != "" {
		at = time.Time{}
	}
	b.Lines = slices.Clone(b.Lines)
	for i, line := range b.Lines {
		b.Lines[i].Source, b.Lines[i].Text = oneLine(line.Source), oneLine(line.Text)
	}
	return s.Store.AddLogs(ctx, a.MachineID, b, at, logBytes)
}

// oneLine is text without what begins another line, and what terminals take for more
// than text: agents leave it out, and whoever has root on a machine may not.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' {
			return ' '
		}
		return r
	}, text)
}

// Logs reads a machine's log after a place, or from its beginning. Lines that were
// lost are told by one in their place, and so are those that may be: what an agent had not sent
// went with it. One that ends in order sends all, so that is no warning. NotFound.
func (s *Service) Logs(ctx context.Context, machine string, after int64) (api.LogPage, error) {
	page := api.LogPage{Lines: []api.LogLine{}, Next: after}
	if _, err := s.Store.Machine(ctx, machine); err != nil {
		return page, err
	}
	batches, err := s.Store.Logs(ctx, machine, after, logPage)
	if err != nil {
		return page, err
	}
	for _, b := range batches {
		if b.Before != "" && b.Before != b.Run {
			page.Lines = append(page.Lines, missing(b, "info", "The agent started again here: lines that it had not sent by then are lost."))
		}
		if b.Lost > 0 {
			page.Lines = append(page.Lines, missing(b, "warn", fmt.Sprintf("%d lines were lost here: the machine had no room for them while the allocator was away.", b.Lost)))
		}
		page.Lines, page.Next = append(page.Lines, b.Lines...), b.Seq
	}
	return page, nil
}

// missing is a line in the place of what is not there, before a batch.
func missing(b LogBatch, level, what string) api.LogLine {
	return api.LogLine{At: b.Lines[0].At, Level: level, Source: "lablink", Text: what}
}
