package stack

import (
	"context"
	"io"
	"slices"
)

// unreadable are the parameters whose values who looks may not read, by name: those
// with the initial password and with the key of the origin certificate.
var unreadable = []string{"admin-password", "origin-key"}

// Preview writes what deploying the stack would do, and what was changed by hand
// since the last time, into out: what `pulumi preview --json` prints as it goes on.
func (w *Workspace) Preview(ctx context.Context, t Target, out io.Writer) error {
	there, err := w.resources(ctx, t.Name)
	if err != nil {
		return err
	}
	return w.call(ctx, w.Root, backend{}, nil, out, w.Out, append(previewing(there), t.args()...)...)
}

// previewing are pulumi's arguments. A stack that was never deployed has nothing to
// look at, and what is left out of a look that is not there yet would be left out of
// the plan, too.
func previewing(there []resource) []string {
	args := []string{"preview", "--json"}
	if len(there) == 0 {
		return args
	}
	args = append(args, "--refresh")
	for _, name := range unreadable {
		if slices.ContainsFunc(there, func(r resource) bool { return r.name() == name }) {
			args = append(args, "--exclude", "**::"+name)
		}
	}
	return args
}
