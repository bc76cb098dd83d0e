package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/talmolab/lablink-infrastructure/allocator/secrets"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

const (
	// failedFile names the release that was tried last and did not become ready.
	failedFile = host.ConfigDir + "/failed-release"
	// switchingFile is there while the host is switched over, and names the release
	// that was ready before: the link is another one by then, and says nothing of
	// what runs.
	switchingFile = host.ConfigDir + "/switching-from-release"
)

// Update brings the host to the release that the pointer names. One that does
// not become ready is taken back and not tried again. What is interrupted, the
// next call finishes.
func Update(ctx context.Context, out io.Writer, c Config, parameters secrets.SSM, objects Objects) error {
	wanted, err := secrets.Read(ctx, parameters, c.Pointer)
	if err != nil {
		return err
	}
	before, err := read(switchingFile)
	if err != nil {
		return err
	}
	interrupted := before != ""
	if !interrupted {
		before = host.Current()
	}
	failed, err := read(failedFile)
	if err != nil {
		return err
	}
	if wanted == failed {
		wanted = before
	}
	if wanted == before && !interrupted {
		return nil
	}
	fmt.Fprintf(out, "updating to release %s\n", wanted)
	if err := fetch(ctx, objects, c.Bucket, wanted); err != nil {
		return err
	}
	if err := write(switchingFile, before); err != nil {
		return err
	}
	if err := replace(ctx, before, wanted); err != nil {
		return err
	}
	fmt.Fprintf(out, "release %s runs\n", wanted)
	return nil
}

// replace switches from one release to another, and back when that is not ready.
func replace(ctx context.Context, before, wanted string) error {
	failure := switchTo(ctx, wanted)
	switch {
	case failure == nil:
		return os.Remove(host.Path(switchingFile))
	case ctx.Err() != nil: // that says nothing of the release
		return fmt.Errorf("the update to release %s was interrupted, the next one finishes it: %w", wanted, failure)
	}
	failure = fmt.Errorf("release %s did not become ready: %w", wanted, failure)
	if before == "" || before == wanted { // there is nothing to go back to
		return failure
	}
	if err := write(failedFile, wanted); err != nil {
		failure = errors.Join(failure, err)
	}
	if err := switchTo(ctx, before); err != nil {
		return errors.Join(failure, fmt.Errorf("going back to release %s: %w", before, err))
	}
	return errors.Join(fmt.Errorf("%w; release %s runs again", failure, before), os.Remove(host.Path(switchingFile)))
}

// read is the release that a file names, or "" when there is no such file.
func read(path string) (string, error) {
	raw, err := os.ReadFile(host.Path(path))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read what became of an earlier update: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

func write(path, release string) error { return host.WriteFile(path, []byte(release+"\n"), 0o644) }

// switchTo makes a release the one that runs and waits until it is ready. Its
// own binary installs its units.
func switchTo(ctx context.Context, sum string) error {
	if err := host.SetCurrent(sum); err != nil {
		return err
	}
	program := filepath.Join(host.Path(host.CurrentLink), binary)
	if out, err := exec.CommandContext(ctx, program, "units").CombinedOutput(); err != nil {
		return fmt.Errorf("install its units: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return host.Systemctl(ctx, "restart", "lablink-allocator.service")
}
