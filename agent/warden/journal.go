package warden

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// What is told of a log: so many lines of each unit, and so much of each line, in bytes.
// mostLines is how much of that the agent reads, in bytes: there is room for two units'.
const (
	lastLines   = 20
	longestLine = 500
	mostLines   = 256 << 10
)

// Journal reads the last lines of a unit from the machine's log, each cut where it is long.
func Journal(ctx context.Context, unit string, since time.Time) ([]string, error) {
	cmd := exec.CommandContext(ctx, "journalctl", "--unit="+unit, "--since="+stamp(since),
		"--lines="+strconv.Itoa(lastLines), "--quiet", "--no-pager", "--no-hostname", "--output=short-iso")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out := &cut{}
	cmd.Stdout = out
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("read what %s logged: %w", unit, err)
	}
	return out.lines(), nil
}

// stamp is a time as the journal takes it, which has microseconds (systemd.time(7)).
func stamp(t time.Time) string { return fmt.Sprintf("@%d.%06d", t.Unix(), t.Nanosecond()/1000) }

// cut keeps the beginning of each line that is written to it.
type cut struct {
	kept bytes.Buffer
	line int // how long the one is that was begun
}

func (c *cut) Write(p []byte) (int, error) {
	for _, b := range p {
		if c.line++; b == '\n' {
			c.line = 0
		}
		if c.line <= longestLine && c.kept.Len() < lastLines*(longestLine+1) {
			c.kept.WriteByte(b)
		}
	}
	return len(p), nil
}

func (c *cut) lines() (lines []string) {
	for line := range strings.Lines(c.kept.String()) {
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	return lines
}
