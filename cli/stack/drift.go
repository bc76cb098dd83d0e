package stack

import (
	"context"
	"errors"
	"os/exec"
)

// changesFound is how pulumi ends when there are changes and none were expected.
const changesFound = 7

// Drift reports whether something of the stack was changed by hand, and says what.
// It changes nothing, and leaves out what is unreadable.
func (w *Workspace) Drift(ctx context.Context, t Target) (bool, error) {
	args := []string{"refresh", "--preview-only", "--expect-no-changes", "--diff", "--run-program", "--suppress-outputs", "--color", "never"}
	for _, name := range unreadable {
		args = append(args, "--exclude", "**::"+name)
	}
	err := w.run(ctx, backend{}, append(args, t.args()...)...)
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.ExitCode() == changesFound {
		return true, nil
	}
	return false, err
}
