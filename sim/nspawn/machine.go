package nspawn

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

//go:embed boot.sh
var script string

// Again is the exit status of a machine that is to boot again.
const Again = 133

// Machine is what boots. All is required but Files and Devices.
type Machine struct {
	// Dir is the machine's own folder: what it writes lies in "upper".
	Dir string
	// Base is the base system.
	Base string
	// Name is its host name.
	Name string
	// Address is the address of its cable.
	Address string
	// Files are put into its file system before it boots, by their paths.
	Files map[string]string
	// Devices are the loop devices that it has from the start.
	Devices []string
}

// Command puts the machine's files where they belong and is the process that it
// runs in, which has no output yet.
func (m Machine) Command() (*exec.Cmd, error) {
	for path, text := range m.Files {
		path = filepath.Join(m.Dir, "upper", path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, fmt.Errorf("give the machine its files: %w", err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return nil, fmt.Errorf("give the machine its files: %w", err)
		}
	}
	args := []string{"-c", script, "boot", m.Dir, m.Base, m.Name, m.Address}
	for _, device := range m.Devices {
		args = append(args, "--bind="+device)
	}
	cmd := exec.Command("/bin/bash", args...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET}
	return cmd, nil
}

// ErrOff is wrapped where a machine does not run, or has not come so far.
var ErrOff = errors.New("the machine does not run")

// Leader is the first process of the machine that runs in a process of Command.
func Leader(pid int) (int, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrOff, err)
	}
	for _, child := range strings.Fields(string(raw)) {
		comm, err := os.ReadFile("/proc/" + child + "/comm")
		if err == nil && strings.TrimSpace(string(comm)) == "systemd" {
			return strconv.Atoi(child)
		}
	}
	return 0, fmt.Errorf("%w: it has no first process yet", ErrOff)
}

// PID is the process of the machine that has a folder, or that ran there last.
func PID(dir string) (int, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrOff, err)
	}
	return strconv.Atoi(strings.TrimSpace(string(raw)))
}

// Plugged plugs a machine's cable in, or pulls it out: then nothing comes, and
// nothing goes.
func Plugged(ctx context.Context, pid int, in bool) error {
	state := map[bool]string{true: "up", false: "down"}[in]
	return quietly(ctx, "nsenter", "--target", strconv.Itoa(pid), "--net", "ip", "link", "set", "cable", state)
}

// Run runs a command on the machine as root, and returns what it printed.
func Run(ctx context.Context, pid int, command ...string) (string, error) {
	leader, err := Leader(pid)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "nsenter", append([]string{"--target", strconv.Itoa(leader), "--all", "--"}, command...)...)
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s on the machine: %w: %s", command[0], err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}
