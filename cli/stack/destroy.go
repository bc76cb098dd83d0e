package stack

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Destroy destroys what is not protected, and lists exactly what stays and how to
// remove that too. answer is read for the stack's name, unless it is nil.
func (w *Workspace) Destroy(ctx context.Context, t Target, answer io.Reader) error {
	raw, err := w.output(ctx, backend{}, "stack", "export", "--stack", t.Name)
	if err != nil {
		return err
	}
	before, err := readResources(raw)
	if err != nil {
		return err
	}
	if held := slices.DeleteFunc(slices.Clone(before), func(r resource) bool { return !r.held() }); len(held) > 0 {
		w.say("These are not protected any more, but the last pulumi up was before that: they would stay in AWS, and no stack would hold them:")
		w.list(held)
		return fmt.Errorf("nothing was destroyed: run pulumi up %s first, then lablink destroy again", strings.Join(t.args(), " "))
	}
	loosened, protected, err := loosen(raw)
	if err != nil {
		return err
	}
	if answer != nil {
		w.say("This destroys stack %s, apart from %d protected resources. Enter its name to go on:", t.Name, protected)
		if said, _ := bufio.NewReader(answer).ReadString('\n'); strings.TrimSpace(said) != t.Name { // no answer is none
			return errors.New("that is not the name: nothing was destroyed")
		}
	}
	args := append([]string{"destroy", "--yes", "--skip-preview", "--suppress-outputs"}, t.args()...)
	if protected > 0 {
		if err := w.quietly(ctx, w.Root, backend{}, bytes.NewReader(loosened), "stack", "import", "--stack", t.Name); err != nil {
			return err
		}
		args = append(args, "--exclude-protected")
	}
	if err := w.run(ctx, backend{}, args...); err != nil {
		return err
	}
	return w.sayWhatStays(ctx, t, before)
}

// left are the types of what a stack never deletes: others may run the same
// release, use the same role or boot an image that was made by the same recipe.
var left = []string{"aws:s3/bucketObjectv2:", "aws:iam/serviceLinkedRole:", "aws:imagebuilder/"}

func (r resource) staysOnPurpose() bool {
	return r.RetainOnDelete && slices.ContainsFunc(left, func(kind string) bool { return strings.HasPrefix(r.Type, kind) })
}

// held reports whether the resource is neither protected nor deleted: the state says
// that it stays when the stack goes.
func (r resource) held() bool { return r.RetainOnDelete && !r.Protect && !r.staysOnPurpose() }

// standing are the types of what stands in a network: AWS lets go neither their
// groups nor their subnets.
var standing = []any{"aws:rds/instance:Instance", "aws:lb/loadBalancer:LoadBalancer"}

// loosen takes out of a state what protected resources depend on that is not
// protected. Pulumi keeps all that they depend on, and a record depends, by way of
// the address that it names, on the whole host. The next update writes the
// dependencies down again. What stands in the network keeps it.
func loosen(raw []byte) (loosened []byte, protected int, err error) {
	var state map[string]any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&state); err != nil {
		return nil, 0, fmt.Errorf("read the state: %w", err)
	}
	deployment, _ := state["deployment"].(map[string]any)
	resources, _ := deployment["resources"].([]any)
	kept := map[any]bool{}
	for _, r := range resources {
		if r := r.(map[string]any); r["protect"] == true {
			kept[r["urn"]] = true
		}
	}
	gone := func(urn any) bool { return !kept[urn] }
	for _, r := range resources {
		r := r.(map[string]any)
		if !kept[r["urn"]] || slices.Contains(standing, r["type"]) {
			continue
		}
		if on, ok := r["dependencies"].([]any); ok {
			r["dependencies"] = slices.DeleteFunc(on, gone)
		}
		by, _ := r["propertyDependencies"].(map[string]any)
		for property, on := range by {
			if on, ok := on.([]any); ok {
				by[property] = slices.DeleteFunc(on, gone)
			}
		}
	}
	loosened, err = json.Marshal(state)
	return loosened, len(kept), err
}

func (w *Workspace) sayWhatStays(ctx context.Context, t Target, before []resource) error {
	after, err := w.resources(ctx, t.Name)
	if err != nil {
		return err
	}
	nothing := "Nothing"
	if gone := forgotten(before, after); len(gone) > 0 {
		w.say("Left in AWS on purpose, and held by no stack from now on:")
		w.list(gone)
		nothing = "Nothing else"
	}
	if len(after) == 0 {
		w.say("%s of %s is left.", nothing, t.Name)
		return nil
	}
	w.say("These stay, as they cannot be made again as they are, or what stays stands in them:")
	w.list(after)
	w.say("To remove them too:")
	w.say("    lablink unprotect %s --confirm %s", strings.Join(t.args(), " "), t.Name)
	w.say("    pulumi up %s", strings.Join(t.args(), " "))
	w.say("    lablink destroy %s", strings.Join(t.args(), " "))
	return nil
}

// forgotten is what is in AWS as before, and not in the state any more. An object
// whose bucket was deleted is gone.
func forgotten(before, after []resource) []resource {
	has := func(all []resource, same func(resource) bool) bool { return slices.ContainsFunc(all, same) }
	return slices.DeleteFunc(slices.Clone(before), func(r resource) bool {
		bucket := func(b resource) bool { return strings.HasPrefix(b.Type, "aws:s3/bucketV2:") && b.ID == r.bucket() }
		return !r.staysOnPurpose() || has(after, func(a resource) bool { return a.URN == r.URN }) || has(before, bucket) && !has(after, bucket)
	})
}

func (w *Workspace) list(resources []resource) {
	for _, r := range resources {
		w.say("    %s", r)
	}
}
