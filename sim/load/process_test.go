package load

import (
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
	"golang.org/x/sys/unix"
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

// leave ends a part, to which nothing more is ordered.
func (p *process) leave(b *testing.B) {
	b.Helper()
	require.NoError(b, p.in.Close())
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
	return usedBy(b, p.cmd.Process.Pid)
}

func usedBy(b *testing.B, pid int) time.Duration {
	b.Helper()
	var at unix.Timespec
	const clock = 2 // the scheduler's count, of all threads: CPUCLOCK_SCHED of the kernel
	require.NoError(b, unix.ClockGettime(int32(^pid<<3|clock), &at))
	return time.Duration(at.Nano())
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
