package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// VerifyCommand says whether what was deployed is what runs.
type VerifyCommand struct {
	Stack   string        `short:"s" help:"The stack, when it is not the one that pulumi has selected."`
	Release string        `placeholder:"SUM" help:"The SHA-256 of the manifest that must run. Without it, that is asked of the stack."`
	Wait    time.Duration `help:"How long to wait until it is so. What is not so by then has failed."`
}

// The ways in which verify ends: what was deployed does not run, or it cannot be
// told whether it does.
const (
	exitWrong   = 1
	exitUnknown = 2
)

// finding is one thing that was looked at.
type finding struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// verdict is all that was found.
type verdict struct {
	OK       bool      `json:"ok"`
	Release  string    `json:"release"`
	Findings []finding `json:"findings"`

	unknown bool // the allocator did not answer
	final   bool // waiting changes nothing
}

func (v *verdict) add(check string, ok bool, format string, args ...any) {
	v.Findings = append(v.Findings, finding{check, ok, fmt.Sprintf(format, args...)})
	v.OK = v.OK && ok
}

// Run looks, again and again where it may wait.
func (c VerifyCommand) Run(ctx context.Context, g *Globals) error {
	want := api.Ready{Release: c.Release}
	if c.Release == "" {
		s, err := g.findStack(ctx, c.Stack)
		if err != nil {
			return exit{err, exitUnknown}
		}
		want.Release, want.Version = s.Release.Manifest, s.Release.Version
		if g.URL == "" {
			g.URL = s.URL
		}
	}
	if err := g.needURL(); err != nil {
		return exit{err, exitUnknown}
	}
	at, err := url.Parse(g.URL)
	if err != nil || at.Hostname() == "" {
		return exit{fmt.Errorf("the address %q is not one", g.URL), exitUnknown}
	}
	end := time.Now().Add(c.Wait)
	for {
		v := g.look(ctx, at, want)
		if !v.OK && !v.final && time.Now().Before(end) && pause(ctx) {
			continue
		}
		return g.tell(v, c.Wait)
	}
}

// pause waits between two looks; false: there is none any more.
func pause(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(time.Second):
		return true
	}
}

// look looks once.
func (g *Globals) look(ctx context.Context, at *url.URL, want api.Ready) *verdict {
	v := &verdict{OK: true, Release: want.Release}
	v.name(ctx, at.Hostname())
	if at.Scheme == "https" {
		v.certificate(ctx, at, g.Roots)
	}
	ready, err := g.client().Ready(ctx)
	if err != nil {
		var untrusted *tls.CertificateVerificationError
		v.unknown = !errors.As(err, &untrusted)
		v.add("answer", false, "%s does not answer as the allocator does: %s; where it is reached by another address, say that with --url", at, err)
		return v
	}
	right := ready.Release == want.Release && (want.Version == "" || ready.Version == want.Version)
	v.add("release", right, "release %.12s (%s) runs%s", ready.Release, ready.Version, instead(right, want))
	v.add("pointer", ready.Wanted == "" || ready.Wanted == want.Release, "the host was told to run release %.12s", ready.Wanted)
	if ready.Wanted == "" {
		v.Findings[len(v.Findings)-1].Detail = "the host was never told to run another one"
	}
	if f := ready.Failed; f != nil {
		v.final = f.Release == want.Release
		v.add("given up", false, "release %.12s was given up at %s: %s. It stays so until the pointer is set, and new machines begin with it: deploy another, or go back with lablink release rollback",
			f.Release, f.At.Format(time.RFC3339), f.Reason)
	}
	if ready.Waiting != "" {
		v.add("waiting", false, "the host goes on trying to come to release %.12s: %s", ready.Wanted, ready.Waiting)
	}
	for _, check := range ready.Checks {
		v.add(check.Name, check.OK, "%s", check.Reason)
	}
	return v
}

func instead(right bool, want api.Ready) string {
	if right {
		return ""
	}
	return fmt.Sprintf(", not %.12s (%s)", want.Release, want.Version)
}

// tell prints what was found.
func (g *Globals) tell(v *verdict, waited time.Duration) error {
	rows := [][]string{{"CHECK", "", "FOUND"}}
	var wrong error
	for _, f := range v.Findings {
		word := "ok"
		if !f.OK {
			word = "WRONG"
			wrong = errors.Join(wrong, errors.New(f.Detail))
		}
		rows = append(rows, []string{f.Check, word, f.Detail})
	}
	if err := g.show(v, rows); err != nil {
		return err
	}
	switch {
	case v.OK:
		return nil
	case v.unknown && waited == 0:
		return exit{wrong, exitUnknown}
	case waited > 0 && !v.final:
		wrong = fmt.Errorf("after %s: %w", waited, wrong)
	}
	return exit{wrong, exitWrong}
}
