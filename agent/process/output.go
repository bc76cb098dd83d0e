package process

import (
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// held is how much a pipe holds, in bytes (pipe(7)).
const held = 64 << 10

// output is the pipe that a command writes to.
type output struct {
	read, write *os.File
	lines       *lines
	ended       chan struct{} // closed once nothing is waited for any more
}

func newOutput(say func(line string)) (*output, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe for what it writes: %w", err)
	}
	return &output{read, write, &lines{say: say}, make(chan struct{})}, nil
}

// begin reads, once the command has its end of the pipe.
func (o *output) begin() {
	_ = o.write.Close() // or it would never come to its end
	go func() {
		defer close(o.ended)
		_, _ = io.Copy(o.lines, o.read) // until end
	}()
}

// end reads on after the command has ended: to the end, or for a while, where something that it
// started holds that. All that the command wrote is handed over, however long that took until now.
func (o *output) end() {
	timer := time.NewTimer(drain)
	defer timer.Stop()
	select {
	case <-o.ended:
	case <-timer.C:
		_ = o.read.SetReadDeadline(time.Now()) // a pipe has deadlines
		<-o.ended
		o.rest()
	}
	_ = o.read.Close()
	o.lines.end()
}

// rest reads what the pipe holds, which one read returns, and waits for nothing.
func (o *output) rest() {
	raw, err := o.read.SyscallConn()
	if err != nil || o.read.SetReadDeadline(time.Time{}) != nil {
		return
	}
	part, n := make([]byte, held), 0
	err = raw.Read(func(fd uintptr) bool { n, _ = syscall.Read(int(fd), part); return true })
	if err == nil && n > 0 {
		_, _ = o.lines.Write(part[:n])
	}
}
