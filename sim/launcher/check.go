package launcher

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// needs are the programs that nothing can stand in for, with the Debian package
// that holds each and what it is for.
var needs = []struct{ program, pkg, why string }{
	{"cc", "gcc libc6-dev", "compiles NVML's binding for the agent"},
	{"git", "git", "tells which source is deployed"},
	{"curl", "curl", "fetches releases on simulated machines"},
	{"bash", "bash", "runs the user data of simulated machines"},
}

// freeGiB is how much room a first build takes, with Go's caches.
const freeGiB = 6

// Check looks whether this computer has what is needed, and installs what is
// missing where it may: on Debian, as root.
func (w *Workspace) Check(ctx context.Context) error {
	return w.step("Looking at what this computer has", func() error {
		var packages, missing []string
		for _, n := range needs {
			if _, err := exec.LookPath(n.program); err != nil {
				packages = append(packages, strings.Fields(n.pkg)...)
				missing = append(missing, fmt.Sprintf("%s, which %s", n.program, n.why))
			}
		}
		if len(missing) > 0 {
			if err := w.install(ctx, packages, missing); err != nil {
				return err
			}
		}
		return w.checkRoom()
	})
}

func (w *Workspace) install(ctx context.Context, packages, missing []string) error {
	command := "apt-get install -y --no-install-recommends " + strings.Join(packages, " ")
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return fmt.Errorf("missing: %s; install it first, on Debian with: %s", strings.Join(missing, "; "), command)
	}
	w.say("  installing from Debian: %s", strings.Join(packages, " "))
	return w.quietly(ctx, exec.Command("sh", "-c", "apt-get update -q && DEBIAN_FRONTEND=noninteractive "+command))
}

// checkRoom asks for free space only where nothing was built yet.
func (w *Workspace) checkRoom() error {
	if _, err := os.Stat(w.path("bin")); err == nil {
		return nil
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(w.Root, &fs); err != nil {
		return fmt.Errorf("look for free space: %w", err)
	}
	if free := fs.Bavail * uint64(fs.Bsize) >> 30; free < freeGiB {
		return fmt.Errorf("the disk of %s has %d GiB free; a first build needs %d GiB, Go's caches included", w.Root, free, freeGiB)
	}
	return nil
}

// quietly runs a command and shows what it said only when it fails.
func (w *Workspace) quietly(ctx context.Context, cmd *exec.Cmd) error {
	out, err := combined(ctx, cmd)
	if err == nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) > 30 {
		lines = lines[len(lines)-30:]
	}
	return fmt.Errorf("%w\n%s", err, strings.Join(lines, "\n"))
}

// combined runs a command that ends when ctx does.
func combined(ctx context.Context, cmd *exec.Cmd) (string, error) {
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return "", err
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	err := cmd.Wait()
	return out.String(), err
}
