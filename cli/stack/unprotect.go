package stack

import (
	"context"
	"strings"
)

// Target is a stack to work on.
type Target struct {
	Name string
	// File is its settings, where that is not Pulumi.NAME.yaml.
	File string
}

func (w *Workspace) file(t Target) string {
	if t.File != "" {
		return t.File
	}
	return w.stackFile(t.environment())
}

// environment is the stack's name without organization and project, as it is in tags
// and in the name of its file.
func (t Target) environment() string { return t.Name[strings.LastIndex(t.Name, "/")+1:] }

func (t Target) args() []string {
	if t.File != "" {
		return []string{"--stack", t.Name, "--config-file", t.File}
	}
	return []string{"--stack", t.Name}
}

// Unprotect marks a stack as retiring, and takes the marks of protection from its
// state.
func (w *Workspace) Unprotect(ctx context.Context, t Target) error {
	err := edit(w.file(t), func(text string) (string, error) { return setConfig(text, "lablink:retiring", "true") })
	if err != nil {
		return err
	}
	if err := w.quietly(ctx, w.Root, backend{}, nil, "state", "unprotect", "--all", "--yes", "--stack", t.Name); err != nil {
		return err
	}
	w.say("%s is retiring: nothing of it is protected any more. What remains to be done:", t.Name)
	for _, command := range []string{"pulumi up", "lablink destroy"} {
		w.say("    %s %s", command, strings.Join(t.args(), " "))
	}
	w.say("To keep it after all, take lablink:retiring out of %s and run pulumi up.", w.file(t))
	return nil
}
