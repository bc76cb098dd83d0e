package stack

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Destruction says how a stack is destroyed.
type Destruction struct {
	// Answer is read for the stack's name. Nil: nobody is asked.
	Answer io.Reader
	// KeepRoles leaves the roles of workflows, none of which may delete itself, and
	// what bounds the roles of machines.
	KeepRoles bool
	// Open looks into the account.
	Open func(context.Context, Environment) (Account, error)
}

// Destroy destroys what is not protected, and lists exactly what stays and how to
// remove that too. The allocator ends first, then the machines that it launched,
// then the rest; at last AWS is asked for what is left.
func (w *Workspace) Destroy(ctx context.Context, t Target, d Destruction) error {
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
	loose, err := loosen(raw, d.KeepRoles)
	if err != nil {
		return err
	}
	account, err := w.open(ctx, t, d)
	if err != nil {
		return err
	}
	if d.Answer != nil {
		w.say("This destroys stack %s with all machines of its workshops, apart from %d resources. Enter its name to go on:", t.Name, loose.kept)
		if said, _ := bufio.NewReader(d.Answer).ReadString('\n'); strings.TrimSpace(said) != t.Name { // no answer is none
			return errors.New("that is not the name: nothing was destroyed")
		}
	}
	if loose.kept > 0 {
		if err := w.quietly(ctx, w.Root, backend{}, bytes.NewReader(loose.state), "stack", "import", "--stack", t.Name); err != nil {
			return err
		}
	}
	if err := w.endHosts(ctx, t, before); err != nil {
		return err
	}
	if err := w.endMachines(ctx, account); err != nil {
		return err
	}
	args := append([]string{"destroy", "--yes", "--skip-preview", "--suppress-outputs"}, t.args()...)
	if loose.kept > 0 {
		args = append(append(args, "--exclude-protected"), loose.exclude...)
	}
	if err := w.run(ctx, backend{}, args...); err != nil {
		return err
	}
	return w.sayWhatStays(ctx, t, before, account)
}

// open looks into the account, and sees that what is left can be told at the end.
func (w *Workspace) open(ctx context.Context, t Target, d Destruction) (Account, error) {
	of, err := w.environment(ctx, t)
	if err != nil {
		return nil, err
	}
	account, err := d.Open(ctx, of)
	if err == nil {
		_, err = account.Left(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("nothing was destroyed: %w", err)
	}
	return account, nil
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

func (w *Workspace) sayWhatStays(ctx context.Context, t Target, before []resource, account Account) error {
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
	if err := w.prove(ctx, account, after); err != nil {
		return err
	}
	roles := slices.DeleteFunc(slices.Clone(after), func(r resource) bool { return r.Protect || !r.ofWorkflows() })
	if len(roles) > 0 {
		w.say("The roles of workflows stay, as none may delete itself. An engineer removes them: lablink destroy %s", strings.Join(t.args(), " "))
		w.list(roles)
		nothing = "Nothing else"
	}
	if len(after) == len(roles) {
		w.say("%s of %s is left.", nothing, t.Name)
		return nil
	}
	w.say("These stay, as they cannot be made again as they are, or what stays stands in them:")
	w.list(slices.DeleteFunc(after, func(r resource) bool {
		return slices.ContainsFunc(roles, func(x resource) bool { return x.URN == r.URN })
	}))
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
