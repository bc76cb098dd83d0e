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
	enough := time.Now().Add(longest)
	for none := 0; none < 2; time.Sleep(becoming) {
		pids, bare := look(variable)
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL) // gone meanwhile is as good
		}
		none++
		if len(pids) > 0 || bare && time.Now().Before(enough) {
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

// look also tells whether there is one that runs without an environment.
func look(variable string) (pids []int, bare bool) {
	environments, _ := filepath.Glob("/proc/[0-9]*/environ") // no error for a good pattern
	for _, name := range environments {
		raw, err := os.ReadFile(name)
		bare = bare || err == nil && len(raw) == 0 && hasMemory(filepath.Dir(name))
		if err != nil || !slices.Contains(strings.Split(string(raw), "\x00"), variable) {
			continue // gone, or somebody else's
		}
		var pid int
		if _, err := fmt.Sscanf(name, "/proc/%d/environ", &pid); err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids, bare
}

// hasMemory reports whether a process has memory of its own, which one that has ended, or is of
// the kernel, has not.
func hasMemory(dir string) bool {
	raw, err := os.ReadFile(filepath.Join(dir, "statm"))
	return err == nil && !strings.HasPrefix(string(raw), "0 ")
}
