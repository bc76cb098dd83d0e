package stack

import (
	"context"
	"errors"
	"os/exec"
)

// changesFound is how pulumi ends when there are changes and none were expected.
const changesFound = 7

// Drift reports whether something of the stack was changed by hand, and says what.
// It changes nothing. The parameters with the initial password and with the key of
// the origin certificate are left out, as who looks may not read secrets.
func (w *Workspace) Drift(ctx context.Context, t Target) (bool, error) {
	err := w.run(ctx, backend{}, append([]string{
		"refresh", "--preview-only", "--expect-no-changes", "--diff", "--run-program", "--suppress-outputs",
		"--color", "never", "--exclude", "**::admin-password", "--exclude", "**::origin-key",
	}, t.args()...)...)
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.ExitCode() == changesFound {
		return true, nil
	}
	return false, err
}
