package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// process is a part of the load, or the allocator.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	to  *json.Encoder
	out *json.Decoder
}

// run starts a program, which ends with the benchmark.
func run(b *testing.B, cmd *exec.Cmd) *process {
	b.Helper()
	p := &process{cmd: cmd}
	var err error
	p.in, err = cmd.StdinPipe()
	require.NoError(b, err)
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	if cmd.Stderr == nil {
		cmd.Stderr = os.Stderr
	}
	p.to, p.out = json.NewEncoder(p.in), json.NewDecoder(out)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() {
		_ = p.in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return p
}

// start starts this program as a part of the load, and says what it is.
func start(b *testing.B, name string, what any) *process {
	b.Helper()
	self, err := os.Executable()
	require.NoError(b, err)
	cmd := exec.CommandContext(b.Context(), self)
	cmd.Env = append(os.Environ(), part+"="+name)
	p := run(b, cmd)
	require.NoError(b, p.to.Encode(what))
	return p
}

// end asks a process to end, and waits until it has.
func (p *process) end(b *testing.B) {
	b.Helper()
	require.NoError(b, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(b, p.cmd.Wait())
}

// order has a part do something, and returns what became of it.
func order[T any](b *testing.B, p *process, what any) (done T) {
	b.Helper()
	require.NoError(b, p.to.Encode(what))
	require.NoError(b, p.out.Decode(&done))
	return done
}

// used is the time that a process has had of processors.
func (p *process) used(b *testing.B) time.Duration {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	require.NoError(b, err)
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+2:]))
	const user, system, perSecond = 11, 12, 100 // proc(5), counted from the state; USER_HZ is 100
	ticks := 0
	for _, at := range []int{user, system} {
		n, err := strconv.Atoi(fields[at])
		require.NoError(b, err)
		ticks += n
	}
	return time.Duration(ticks) * time.Second / perSecond
}

// memory is how much a process has resident, in MiB: now (VmRSS) or at most (VmHWM).
func (p *process) memory(b *testing.B, which string) float64 {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	require.NoError(b, err)
	for line := range strings.Lines(string(raw)) {
		if value, ok := strings.CutPrefix(line, which+":"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
			require.NoError(b, err)
			return kib / 1024
		}
	}
	require.FailNow(b, "the kernel does not tell "+which)
	return 0
}
