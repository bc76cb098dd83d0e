package control

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// EndProcesses ends every process whose environment holds a variable ("name=value"),
// such as one that left its group, and returns when they are gone. It looks again until
// there is none twice, as one may have started another meanwhile, and one that becomes
// another program, or ends, has no environment for a moment.
func EndProcesses(variable string) {
	enough := time.Now().Add(longest)
	for none := 0; none < 2; time.Sleep(becoming) {
		pids, changing := look(variable)
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL) // gone meanwhile is as good
		}
		none++
		if len(pids) > 0 || changing && time.Now().Before(enough) {
			none = 0
		}
	}
}

const (
	// becoming is longer than a process takes to become another program on a computer that
	// has nothing else to do.
	becoming = 20 * time.Millisecond
	// longest is how long one that has no environment is waited for: it may have none for good.
	longest = time.Second
)

// Processes are those with a variable in their environment, this one left out. One that
// has ended, and that nobody has asked about yet, has no environment any more.
func Processes(variable string) []int {
	pids, _ := look(variable)
	return pids
}

// look also tells whether there is one without an environment that runs, or is about to end.
func look(variable string) (pids []int, changing bool) {
	environments, _ := filepath.Glob("/proc/[0-9]*/environ") // no error for a good pattern
	for _, name := range environments {
		raw, err := os.ReadFile(name)
		if dir := filepath.Dir(name); len(raw) == 0 && !changing {
			if hasMemory(dir) {
				changing = err == nil
			} else {
				changing = ends(dir)
			}
		}
		if err != nil || !slices.Contains(strings.Split(string(raw), "\x00"), variable) {
			continue // gone, or somebody else's
		}
		var pid int
		if _, err := fmt.Sscanf(name, "/proc/%d/environ", &pid); err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids, changing
}

// hasMemory reports whether a process has memory of its own, which one that has ended, or is of
// the kernel, has not.
func hasMemory(dir string) bool {
	raw, err := os.ReadFile(filepath.Join(dir, "statm"))
	return err == nil && !strings.HasPrefix(string(raw), "0 ")
}

// ends reports whether a process without memory still has something open, as it, or another of
// its threads, has yet to end.
func ends(dir string) bool {
	raw, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return false
	}
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:])) // what follows its name, which may be any
	if len(fields) <= threads {
		return false
	}
	of, err := strconv.ParseUint(fields[flags], 10, 32)
	return err == nil && of&ofTheKernel == 0 && (!strings.Contains("ZX", fields[state]) || fields[threads] != "1")
}

// Where proc(5) has these behind a process's name, and the flag of a thread of the kernel
// (PF_KTHREAD).
const (
	state, flags, threads = 0, 6, 17
	ofTheKernel           = 0x00200000
)
