package laptop

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/talmolab/lablink-infrastructure/cli/doctor"
)

// Laptop is doctor.Laptop.
type Laptop struct {
	// Dir is the working copy: programs run there, and the engine that make builds
	// lies below it.
	Dir string
}

var _ doctor.Laptop = Laptop{}

// engine is where make builds an engine.
const engine = ".lablink/engine"

// Find looks on the PATH, and then where make builds an engine.
func (l Laptop) Find(program string) string {
	for _, name := range []string{program, filepath.Join(l.Dir, engine, program)} {
		if at, err := exec.LookPath(name); err == nil {
			return at
		}
	}
	return ""
}

// Output runs a program in the working copy.
func (l Laptop) Output(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = l.Dir
	out, err := cmd.Output()
	if err == nil {
		return strings.TrimSpace(string(out)), nil
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", fmt.Errorf("%s %s: %w: %s", program, strings.Join(args, " "), err, strings.TrimSpace(string(exit.Stderr)))
	}
	return "", fmt.Errorf("%s %s: %w", program, strings.Join(args, " "), err)
}

// Free asks the file system of the nearest folder that there is.
func (l Laptop) Free(dir string) (uint64, error) {
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(l.Dir, dir)
	}
	for {
		var fs syscall.Statfs_t
		err := syscall.Statfs(dir, &fs)
		if err == nil {
			return fs.Bavail * uint64(fs.Bsize) >> 30, nil //nolint:gosec // not negative
		}
		if !errors.Is(err, syscall.ENOENT) || dir == filepath.Dir(dir) {
			return 0, fmt.Errorf("look for free space at %s: %w", dir, err)
		}
		dir = filepath.Dir(dir)
	}
}
