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
	if err := w.refuseHeld(t, before); err != nil {
		return err
	}
	loose, err := loosen(raw, d.KeepRoles)
	if err != nil {
		return err
	}
	account, err := w.open(ctx, t, d, before)
	if err != nil {
		return err
	}
	if err := w.sayWhatWasCutShort(raw); err != nil {
		return err
	}
	if d.Answer != nil {
		w.say("This destroys stack %s with all machines of its workshops, apart from %d resources. Enter its name to go on:", t.Name, loose.kept)
		if said, _ := bufio.NewReader(d.Answer).ReadString('\n'); strings.TrimSpace(said) != t.Name { // no answer is none
			return errors.New("that is not the name: nothing was destroyed")
		}
	}
	if err := w.takeAway(ctx, t, before, loose, account); err != nil {
		return w.afterFailure(ctx, t, account, err)
	}
	return w.see(ctx, t, before, account)
}

// refuseHeld refuses a stack whose protection was lifted, and that was not updated
// since.
func (w *Workspace) refuseHeld(t Target, before []resource) error {
	held := slices.DeleteFunc(slices.Clone(before), func(r resource) bool { return !r.held() })
	if len(held) == 0 {
		return nil
	}
	w.say("These are not protected any more, but the last pulumi up was before that: they would stay in AWS, and no stack would hold them:")
	w.list(held)
	return fmt.Errorf("nothing was destroyed: run pulumi up %s first, then lablink destroy again", strings.Join(t.args(), " "))
}

// takeAway destroys the allocator, then its machines, then the rest.
func (w *Workspace) takeAway(ctx context.Context, t Target, before []resource, loose loose, account Account) error {
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
	return w.run(ctx, backend{}, args...)
}

// open looks into the account of the stack's settings.
func (w *Workspace) open(ctx context.Context, t Target, d Destruction, before []resource) (Account, error) {
	of, err := w.environment(ctx, t)
	if err != nil {
		return nil, err
	}
	account, err := d.look(ctx, of, before)
	if err != nil {
		return nil, fmt.Errorf("nothing was destroyed: %w", err)
	}
	return account, nil
}

// look opens the account, and sees that the state's things are the environment's and
// in this account, and that what is left can be told at the end.
func (d Destruction) look(ctx context.Context, of Environment, before []resource) (Account, error) {
	if err := of.refuseOthers(before); err != nil {
		return nil, err
	}
	account, err := d.Open(ctx, of)
	if err != nil {
		return nil, err
	}
	if err := refuseOtherAccounts(ctx, account, before); err != nil {
		return nil, err
	}
	if _, err := account.Left(ctx); err != nil {
		return nil, err
	}
	return account, nil
}
