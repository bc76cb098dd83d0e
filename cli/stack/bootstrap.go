package stack

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
)

// bootstrapFolder holds the account's state until it is in its bucket.
const bootstrapFolder = ".lablink/bootstrap"

// passphrase encrypts the secrets of that state, of which there are none: an
// account has no secret settings and outputs.
const passphrase = "lablink-bootstrap" //nolint:gosec // keeps nothing secret

// bootstrap is an account's bootstrap while it runs.
type bootstrap struct {
	*Workspace
	stack, region, account string
	local                  backend
}

// Bootstrap deploys an account's stack with its state on this computer, and moves
// the state into the bucket that this made. One that was cut short goes on from
// where it was; one that is done changes nothing.
func (w *Workspace) Bootstrap(ctx context.Context, stack string) error {
	b, home, err := w.prepare(ctx, stack)
	if err != nil {
		return err
	}
	unlock, err := b.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if home != "" {
		return b.check(ctx, backend{url: home})
	}
	if err := b.deploy(ctx); err != nil {
		return err
	}
	return b.move(ctx)
}

// prepare reads the settings and asks whose credentials these are. home is where
// the state is already, or "".
func (w *Workspace) prepare(ctx context.Context, stack string) (b *bootstrap, home string, err error) {
	all, err := readFile(w.path("Pulumi.yaml"))
	if err != nil {
		return nil, "", err
	}
	own, err := readFile(w.stackFile(stack))
	if err != nil {
		return nil, "", err
	}
	if own.text("lablink:kind") != "account" {
		return nil, "", fmt.Errorf("Pulumi.%s.yaml is not an account's: only a stack with lablink:kind: account is bootstrapped", stack)
	}
	region := cmp.Or(own.text("aws:region"), all.text("aws:region"))
	if region == "" {
		return nil, "", fmt.Errorf("aws:region is not set: write it into Pulumi.%s.yaml, for example us-west-2", stack)
	}
	account, who, err := whoAmI(ctx, region)
	if err != nil {
		return nil, "", err
	}
	w.say("• Bootstrapping account %s in %s as %s", account, region, who)
	local := backend{"file://" + w.path(bootstrapFolder) + "?metadata=skip", passphrase}
	return &bootstrap{Workspace: w, stack: stack, region: region, account: account, local: local}, all.Backend.URL, nil
}

// lock makes sure that nobody else works in this working copy, by the same lock as
// make.
func (b *bootstrap) lock() (func(), error) {
	if err := os.MkdirAll(b.path(".lablink"), 0o755); err != nil {
		return nil, fmt.Errorf("make .lablink: %w", err)
	}
	f, err := os.OpenFile(b.path(".lablink", "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock .lablink: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, errors.New("another make is at work in this folder: wait until it is done")
	}
	return func() { _ = f.Close() }, nil
}

// check looks whether the state is where Pulumi.yaml says, and takes away what an
// earlier call left.
func (b *bootstrap) check(ctx context.Context, home backend) error {
	there, err := b.has(ctx, home, b.stack)
	if err != nil {
		return err
	}
	if !there {
		return fmt.Errorf("Pulumi.yaml says that the state of stacks is at %s, but there is no stack %s: if that is another account's, take backend: out of Pulumi.yaml and call this again", home.url, b.stack)
	}
	if err := os.RemoveAll(b.path(bootstrapFolder)); err != nil {
		return fmt.Errorf("take away the state that was moved: %w", err)
	}
	b.say("• Nothing to do: the state of %s is at %s, and pulumi works there", b.stack, home.url)
	return nil
}

// deploy runs the program with the state on this computer.
func (b *bootstrap) deploy(ctx context.Context) error {
	if err := os.MkdirAll(b.path(bootstrapFolder), 0o700); err != nil {
		return fmt.Errorf("make %s: %w", bootstrapFolder, err)
	}
	config := b.path(bootstrapFolder, "Pulumi."+b.stack+".yaml")
	for from, to := range map[string]string{b.path("Pulumi.yaml"): b.path(bootstrapFolder, "Pulumi.yaml"), b.stackFile(b.stack): config} {
		raw, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, raw, 0o600)
		}
		if err != nil {
			return fmt.Errorf("copy %s: %w", filepath.Base(from), err)
		}
	}
	there, err := b.has(ctx, b.local, b.stack)
	if err != nil {
		return err
	}
	if !there { // from a folder of its own, so that no file of the working copy changes
		if err := b.quietly(ctx, b.path(bootstrapFolder), b.local, nil, "stack", "init", b.stack, "--no-select"); err != nil {
			return err
		}
	}
	if err := b.recover(ctx, config); err != nil {
		return err
	}
	b.say("• Deploying %s, with its state in %s until it has a bucket", b.stack, bootstrapFolder)
	return b.run(ctx, b.local, "up", "--stack", b.stack, "--config-file", config, "--yes", "--skip-preview", "--suppress-outputs")
}

// recover makes the local state ready after a call that was cut short: it clears
// the lock and settles what was being made.
func (b *bootstrap) recover(ctx context.Context, config string) error {
	if err := b.quietly(ctx, b.Root, b.local, nil, "cancel", "--yes", b.stack); err != nil {
		return err
	}
	raw, err := b.output(ctx, b.local, "stack", "export", "--stack", b.stack)
	if err != nil {
		return err
	}
	settled, pending, forgotten, err := settle(raw, b.account)
	if err != nil || pending == 0 {
		return err
	}
	b.say("• An earlier bootstrap was cut short; finding out what became of what it was making (%d)", pending)
	for _, urn := range forgotten {
		b.say("  %s is made anew; if the earlier one was made too, delete that by hand", urn)
	}
	if err := b.quietly(ctx, b.Root, b.local, bytes.NewReader(settled), "stack", "import", "--stack", b.stack); err != nil {
		return err
	}
	return b.quietly(ctx, b.Root, b.local, nil, "refresh", "--stack", b.stack, "--config-file", config, "--yes", "--skip-preview")
}

// move copies the state into the bucket, looks whether it is right there, and only
// then says so in Pulumi.yaml.
func (b *bootstrap) move(ctx context.Context) error {
	raw, err := b.output(ctx, b.local, "stack", "output", "--json", "--stack", b.stack)
	if err != nil {
		return err
	}
	var out struct{ StateBucket, StateKmsKeyArn string }
	if err := json.Unmarshal(raw, &out); err != nil {
		return fmt.Errorf("read the outputs of %s: %w", b.stack, err)
	}
	home := backend{url: "s3://" + out.StateBucket + "?region=" + b.region}
	b.say("• Moving the state of %s to %s, with its secrets encrypted by %s", b.stack, home.url, out.StateKmsKeyArn)
	if err := b.copyState(ctx, home, SecretsProvider(out.StateKmsKeyArn, b.region, b.stack)); err != nil {
		return err
	}
	b.say("• Looking whether anything changes there")
	if err := b.quietly(ctx, b.Root, home, nil, "preview", "--stack", b.stack, "--expect-no-changes"); err != nil {
		return err
	}
	err = edit(b.path("Pulumi.yaml"), func(text string) (string, error) { return setBackend(text, home.url), nil })
	if err != nil {
		return err
	}
	if err := os.RemoveAll(b.path(bootstrapFolder)); err != nil {
		return fmt.Errorf("take away the state that was moved: %w", err)
	}
	b.say("• Done. Commit Pulumi.yaml and Pulumi.%s.yaml, so that everybody works there. An environment is made with:", b.stack)
	b.say("    pulumi stack init test --secrets-provider '%s'", SecretsProvider(out.StateKmsKeyArn, b.region, "test"))
	return nil
}

// SecretsProvider is the secrets provider of a stack: a key of KMS, with the
// stack's name as encryption context, so that a role may be let decrypt what is of
// one stack only.
func SecretsProvider(keyARN, region, stack string) string {
	return "awskms:///" + keyARN + "?region=" + url.QueryEscape(region) + "&context_stack=" + url.QueryEscape(stack)
}

// copyState makes the stack on another backend, unless it is there with something
// in it, and gives it the state that is here.
func (b *bootstrap) copyState(ctx context.Context, home backend, secrets string) error {
	there, err := b.has(ctx, home, b.stack)
	if err != nil {
		return err
	}
	if there {
		if err := b.quietly(ctx, b.Root, home, nil, "cancel", "--yes", b.stack); err != nil {
			return err
		}
		known, err := readFile(b.stackFile(b.stack))
		if err != nil {
			return err
		}
		if there = known.Secrets == secrets && known.Key != ""; !there { // cut short before it was written down
			if err := b.quietly(ctx, b.Root, home, nil, "stack", "rm", b.stack, "--yes", "--force", "--preserve-config"); err != nil {
				return err
			}
		}
	}
	if !there {
		if err := b.quietly(ctx, b.Root, home, nil, "stack", "init", b.stack, "--no-select", "--secrets-provider", secrets); err != nil {
			return err
		}
	}
	raw, err := b.output(ctx, b.local, "stack", "export", "--show-secrets", "--stack", b.stack)
	if err != nil {
		return err
	}
	return b.quietly(ctx, b.Root, home, bytes.NewReader(raw), "stack", "import", "--stack", b.stack)
}
