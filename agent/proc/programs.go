package proc

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/procfs"

	"github.com/talmolab/lablink-infrastructure/agent"
)

// longestComm is how much of a program's name the kernel keeps, in bytes (proc_pid_comm(5)).
const longestComm = 15

// interpreters run programs that are told by their first argument.
var interpreters = []string{"python", "bash", "sh", "node", "java", "perl", "ruby", "Rscript", "julia"}

// Programs is agent.Programs by /proc.
type Programs struct {
	// Dir is where it is. Empty: /proc.
	Dir string
}

var _ agent.Programs = Programs{}

// Running finds programs by their names. Those that have ended meanwhile are left out.
func (p Programs) Running(names []string) (map[string]agent.Processes, error) {
	fs, err := open(p.Dir)
	if err != nil {
		return nil, err
	}
	all, err := fs.AllProcs()
	if err != nil {
		return nil, fmt.Errorf("list what runs: %w", err)
	}
	out := map[string]agent.Processes{}
	for _, one := range all {
		comm, err := one.Comm()
		if err != nil {
			continue
		}
		args, err := one.CmdLine()
		if err != nil {
			continue
		}
		called := namesOf(comm, args)
		for _, name := range names {
			if !called(name) {
				continue
			}
			if stat, err := one.Stat(); err == nil && stat.State != "Z" {
				if out[name] == nil {
					out[name] = agent.Processes{}
				}
				out[name][one.PID] = time.Duration(stat.CPUTime() * float64(time.Second))
			}
		}
	}
	return out, nil
}

// generations is how many processes above one are looked at.
const generations = 32

// Of follows who began whom.
func (p Programs) Of(process int, names []string) string {
	fs, err := open(p.Dir)
	if err != nil {
		return ""
	}
	for range generations {
		one, err := fs.Proc(process)
		if err != nil {
			return ""
		}
		comm, _ := one.Comm()
		args, _ := one.CmdLine() // one that has just ended has none
		if at := slices.IndexFunc(names, namesOf(comm, args)); at >= 0 {
			return names[at]
		}
		stat, err := one.Stat()
		if err != nil || stat.PPID <= 1 {
			return ""
		}
		process = stat.PPID
	}
	return ""
}

func open(dir string) (procfs.FS, error) {
	if dir == "" {
		dir = procfs.DefaultMountPoint
	}
	fs, err := procfs.NewFS(dir)
	if err != nil {
		return fs, fmt.Errorf("read %s: %w", dir, err)
	}
	return fs, nil
}

// namesOf says whether a process is what people call a program: by what the kernel calls
// it, by its file, and where an interpreter runs it by its script or module.
func namesOf(comm string, args []string) func(name string) bool {
	called := []string{}
	if len(args) > 0 {
		called = append(called, path.Base(args[0]))
		if interprets(args[0]) {
			called = append(called, scriptOf(args[1:])...)
		}
	}
	return func(name string) bool {
		return comm == name || len(name) > longestComm && comm == name[:longestComm] || slices.Contains(called, name)
	}
}

// interprets reports whether a program is an interpreter, whichever version of it.
func interprets(file string) bool {
	return slices.Contains(interpreters, strings.TrimRight(path.Base(file), "0123456789."))
}

// scriptOf are the names of what an interpreter runs: a script with and without its ending,
// or a module and the package that it is of.
func scriptOf(args []string) []string {
	for i, arg := range args {
		switch {
		case arg == "-m" && i+1 < len(args):
			top, _, _ := strings.Cut(args[i+1], ".")
			return []string{args[i+1], top}
		case strings.HasPrefix(arg, "-"):
		default:
			file := path.Base(arg)
			return []string{file, strings.TrimSuffix(file, path.Ext(file))}
		}
	}
	return nil
}
