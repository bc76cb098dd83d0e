package stack

import (
	"context"
	"slices"
	"strings"
)

// left are the types of what a stack never deletes: others may run the same
// release, use the same role or boot an image that was made by the same recipe.
var left = []string{"aws:s3/bucketObjectv2:", "aws:iam/serviceLinkedRole:", "aws:imagebuilder/"}

func (r resource) staysOnPurpose() bool {
	return r.RetainOnDelete && slices.ContainsFunc(left, func(kind string) bool { return strings.HasPrefix(r.Type, kind) })
}

// held reports whether the resource is neither protected nor deleted: the state says
// that it stays when the stack goes.
func (r resource) held() bool { return r.RetainOnDelete && !r.Protect && !r.staysOnPurpose() }

// see tells what is left of a stack: what nobody holds from now on, then what AWS
// still lists, which has to be nothing, then what the stack still has, whatever AWS
// said. It fails when AWS lists something, or cannot be asked.
func (w *Workspace) see(ctx context.Context, t Target, before []resource, account Account) error {
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
	proof := w.prove(ctx, account, after)
	roles := slices.DeleteFunc(slices.Clone(after), func(r resource) bool { return r.Protect || !r.ofWorkflows() })
	if len(roles) > 0 {
		w.say("The roles of workflows stay, as none may delete itself. An engineer removes them: lablink destroy %s", strings.Join(t.args(), " "))
		w.list(roles)
		nothing = "Nothing else"
	}
	if len(after) > len(roles) {
		w.sayWhatStays(t, slices.DeleteFunc(after, func(r resource) bool {
			return slices.ContainsFunc(roles, func(x resource) bool { return x.URN == r.URN })
		}))
	} else if proof == nil {
		w.say("%s of %s is left.", nothing, t.Name)
	}
	return proof
}

func (w *Workspace) sayWhatStays(t Target, after []resource) {
	w.say("These stay, as they cannot be made again as they are, or what stays stands in them:")
	w.list(after)
	w.say("To remove them too:")
	w.say("    lablink unprotect %s --confirm %s", strings.Join(t.args(), " "), t.Name)
	w.say("    pulumi up %s", strings.Join(t.args(), " "))
	w.say("    lablink destroy %s", strings.Join(t.args(), " "))
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
