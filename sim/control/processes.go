package control

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// EndProcesses ends every process whose environment holds a variable ("name=value"),
// such as one that left its group, and returns when they are gone. It looks again until
// there is none twice, as one may have started another meanwhile, and one that becomes
// another program has no environment for a moment.
func EndProcesses(variable string) {
	for none := 0; none < 2; time.Sleep(becoming) {
		pids := Processes(variable)
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL) // gone meanwhile is as good
		}
		none++
		if len(pids) > 0 {
			none = 0
		}
	}
}

// becoming is longer than a process takes to become another program.
const becoming = 20 * time.Millisecond

// Processes are those with a variable in their environment, this one left out. One that
// has ended, and that nobody has asked about yet, has no environment any more.
func Processes(variable string) []int {
	environments, _ := filepath.Glob("/proc/[0-9]*/environ") // no error for a good pattern
	var out []int
	for _, name := range environments {
		raw, err := os.ReadFile(name)
		if err != nil || !slices.Contains(strings.Split(string(raw), "\x00"), variable) {
			continue // gone, or somebody else's
		}
		var pid int
		if _, err := fmt.Sscanf(name, "/proc/%d/environ", &pid); err == nil && pid != os.Getpid() {
			out = append(out, pid)
		}
	}
	return out
}
