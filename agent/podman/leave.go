package podman

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// Leave takes away what there is for desktops in containers, as a machine of one's own is given
// back: the network, and what was taken out of images. The images stay podman's. A machine that
// never fetched one has nothing of it, and its podman is not asked.
func Leave(ctx context.Context) error {
	_, err := os.Stat(host.Path(Dir))
	if err == nil && !host.Skipped("user") {
		err = removeNetwork(ctx)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errors.Join(os.RemoveAll(host.Path(Dir+".new")), os.RemoveAll(host.Path(Dir))) // the last says that there is something
}

// removeNetwork removes the network, where podman is here and has it.
func removeNetwork(ctx context.Context) error {
	if _, err := exec.LookPath("podman"); err != nil {
		return nil //nolint:nilerr // there is nobody to ask
	}
	if err := remove(ctx, name); err != nil {
		return err
	}
	err := command(ctx, "network", "exists", network).Run()
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended) && ended.ExitCode() == 1:
		return nil // no session began
	case err != nil:
		return fmt.Errorf("ask podman for the network of desktops: %w", err)
	}
	_, err = ask(ctx, "network", "rm", network)
	return err
}
