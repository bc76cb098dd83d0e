package stack

import (
	"context"
	"io"
	"slices"
)

// unreadable are the parameters whose values who looks may not read, by name: those
// with the initial password and with the key of the origin certificate.
var unreadable = []string{"admin-password", "origin-key"}

// Preview writes what deploying the stack would do into out: what `pulumi preview
// --json` prints as it goes on. With drift it looks at what is there, too, but not at
// what is unreadable, which then is not in the plan either.
func (w *Workspace) Preview(ctx context.Context, t Target, drift bool, out io.Writer) error {
	args := []string{"preview", "--json"}
	if drift {
		there, err := w.resources(ctx, t.Name)
		if err != nil {
			return err
		}
		args = append(args, looking(there)...)
	}
	return w.call(ctx, w.Root, backend{}, nil, out, w.Out, append(args, t.args()...)...)
}

// looking are the arguments by which pulumi looks at what is there. A stack that was
// never deployed has nothing to look at.
func looking(there []resource) []string {
	if len(there) == 0 {
		return nil
	}
	args := []string{"--refresh"}
	for _, name := range unreadable {
		if slices.ContainsFunc(there, func(r resource) bool { return r.name() == name }) {
			args = append(args, "--exclude", "**::"+name)
		}
	}
	return args
}
