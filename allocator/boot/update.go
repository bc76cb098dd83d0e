package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/talmolab/lablink-infrastructure/allocator/secrets"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// failedFile names the release that was tried last and did not become ready.
const failedFile = host.ConfigDir + "/failed-release"

// Update brings the host to the release that the pointer names. One that does
// not become ready is taken back and not tried again.
func Update(ctx context.Context, out io.Writer, c Config, parameters secrets.SSM, objects Objects) error {
	wanted, err := secrets.Read(ctx, parameters, c.Pointer)
	if err != nil {
		return err
	}
	current := host.Current()
	if wanted == current {
		return nil
	}
	if failed, err := os.ReadFile(host.Path(failedFile)); err == nil && strings.TrimSpace(string(failed)) == wanted {
		return nil
	}
	fmt.Fprintf(out, "updating to release %s\n", wanted)
	if err := fetch(ctx, objects, c.Bucket, wanted); err != nil {
		return err
	}
	failure := switchTo(ctx, wanted)
	if failure == nil {
		fmt.Fprintf(out, "release %s runs\n", wanted)
		return nil
	}
	failure = fmt.Errorf("release %s did not become ready: %w", wanted, failure)
	if err := host.WriteFile(failedFile, []byte(wanted+"\n"), 0o644); err != nil {
		failure = errors.Join(failure, err)
	}
	if current == "" {
		return failure
	}
	if err := switchTo(ctx, current); err != nil {
		return errors.Join(failure, fmt.Errorf("going back to release %s: %w", current, err))
	}
	return fmt.Errorf("%w; release %s runs again", failure, current)
}

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
