package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// environment is whose things the stack's settings make.
func (w *Workspace) environment(ctx context.Context, t Target) (Environment, error) {
	e := Environment{Name: t.environment()}
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
		lasts, wrong, err := beside(ctx, a, after)
		if err != nil {
			return err
		}
		if len(wrong) == 0 {
			w.sayWhatLasts(lasts)
			return nil
		}
		if len(wrong) != said {
			w.say("AWS still lists, by the environment's tags:")
			w.listThings(wrong)
			said = len(wrong)
		}
		if err := pause(ctx, end, "what is listed above is left, and no stack holds it: delete it, and run lablink destroy again to see that nothing is left"); err != nil {
			return err
		}
	}
}

// beside is what AWS has beside what the stack still has: what stays on purpose, and
// what should not be there.
func beside(ctx context.Context, a Account, after []resource) (lasts, wrong []Thing, err error) {
	left, err := a.Left(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("it is not known whether anything is left: %w", err)
	}
	for _, t := range left {
		switch {
		case slices.ContainsFunc(after, t.is):
		case t.stays() != "":
			lasts = append(lasts, t)
		default:
			wrong = append(wrong, t)
		}
	}
	return lasts, wrong, nil
}

func (w *Workspace) listThings(things []Thing) {
	for _, t := range things {
		w.say("    %s", t)
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
