package stack

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
)

// Destroy destroys what is not protected, and lists exactly what stays and how to
// remove that too. answer is read for the stack's name, unless it is nil.
func (w *Workspace) Destroy(ctx context.Context, t Target, answer io.Reader) error {
	before, err := w.resources(ctx, backend{}, t.Name)
	if err != nil {
		return err
	}
	protected := 0
	for _, r := range before {
		if r.real() && r.Protect {
			protected++
		}
	}
	if answer != nil {
		w.say("This destroys stack %s, apart from %d protected resources and what they need. Enter its name to go on:", t.Name, protected)
		if said, _ := bufio.NewReader(answer).ReadString('\n'); strings.TrimSpace(said) != t.Name { // no answer is none
			return errors.New("that is not the name: nothing was destroyed")
		}
	}
	args := append([]string{"destroy", "--yes", "--skip-preview", "--suppress-outputs"}, t.args()...)
	if protected > 0 {
		args = append(args, "--exclude-protected")
	}
	if err := w.run(ctx, backend{}, args...); err != nil {
		return err
	}
	after, err := w.resources(ctx, backend{}, t.Name)
	if err != nil {
		return err
	}
	return w.sayWhatStays(t, after)
}

func (w *Workspace) sayWhatStays(t Target, after []resource) error {
	var stays []string
	for _, r := range after {
		if !r.real() {
			continue
		}
		why := "protected"
		if !r.Protect {
			why = "needed by what is protected"
		}
		stays = append(stays, r.name()+" ("+r.Type+", "+r.ID+"): "+why)
	}
	if len(stays) == 0 {
		w.say("Nothing of %s is left.", t.Name)
		return nil
	}
	w.say("These stay:")
	for _, line := range stays {
		w.say("    %s", line)
	}
	w.say("They cannot be made again as they are. To remove them too:")
	w.say("    lablink unprotect %s --confirm %s", strings.Join(t.args(), " "), t.Name)
	w.say("    pulumi up %s", strings.Join(t.args(), " "))
	w.say("    lablink destroy %s", strings.Join(t.args(), " "))
	return nil
}
