package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// environment is whose things the stack's settings make.
func (w *Workspace) environment(ctx context.Context, t Target) (Environment, error) {
	e := Environment{Name: t.Name}
	for key, value := range map[string]*string{"aws:region": &e.Region, "lablink:deployment": &e.Deployment} {
		raw, err := w.output(ctx, backend{}, append([]string{"config", "get", key}, t.args()...)...)
		if err != nil {
			return e, fmt.Errorf("read %s of %s: %w", key, t.Name, err)
		}
		*value = strings.TrimSpace(string(raw))
	}
	return e, nil
}

// prove looks in AWS, by tags, for what is left beside what the stack still has and
// what stays on purpose, until there is nothing. AWS lists some things for a while
// after they are gone.
func (w *Workspace) prove(ctx context.Context, a Account, after []resource) error {
	said, end := 0, time.Now().Add(gone)
	for {
		left, err := a.Left(ctx)
		if err != nil {
			return fmt.Errorf("it is not known whether anything is left: %w", err)
		}
		left = slices.DeleteFunc(left, func(t Thing) bool {
			return slices.ContainsFunc(after, func(r resource) bool { return t.is(r) })
		})
		wrong := slices.DeleteFunc(slices.Clone(left), func(t Thing) bool { return t.stays() != "" })
		if len(wrong) == 0 {
			w.sayWhatLasts(left)
			return nil
		}
		if len(wrong) != said {
			w.say("AWS still lists, by the environment's tags:")
			for _, t := range wrong {
				w.say("    %s", t)
			}
			said = len(wrong)
		}
		if !pause(ctx, end) {
			return errors.New("what is listed above is left, and no stack holds it: delete it, and run lablink destroy again to see that nothing is left")
		}
	}
}

func (w *Workspace) sayWhatLasts(left []Thing) {
	if len(left) == 0 {
		w.say("Looked for in AWS by the environment's tags: nothing more is there.")
		return
	}
	w.say("Looked for in AWS by the environment's tags: nothing more is there than what stays on purpose:")
	for _, t := range left {
		w.say("    %s: %s", t, t.stays())
	}
}
