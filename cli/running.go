package cli

import (
	"context"
	"fmt"
	"net/url"

	"github.com/talmolab/lablink-infrastructure/api"
)

// look looks once at all that there is without a seat.
func (g *Globals) look(ctx context.Context, at *url.URL, w expected) *verdict {
	v := &verdict{OK: true, Release: w.Release}
	v.name(ctx, g, at.Hostname(), w)
	if at.Scheme == "https" && !v.certificate(ctx, g, at, w) {
		v.inPlain(ctx, g, w)
		return v
	}
	ready, err := g.client().Ready(ctx)
	if err != nil {
		v.unknown("answer", fmt.Sprintf("%s does not answer as the allocator does: %s", at, err), closedDoor+"; where it is reached by its publicAddress, or by a tunnel to this computer, say that with --url")
		return v
	}
	v.running(ready, w)
	return v
}

// inPlain asks the allocator why it has no certificate: on port 80 of its address
// it tells that without one.
func (v *verdict) inPlain(ctx context.Context, g *Globals, w expected) {
	if !isAddress(w.Address) || w.proxied() {
		return // nobody but the load balancer, or Cloudflare, is let in there
	}
	plain := *g
	plain.URL = "http://" + w.Address
	ready, err := plain.client().Ready(ctx)
	if err != nil {
		v.unknown("answer", fmt.Sprintf("%s/readyz does not tell more: %s", plain.URL, err), closedDoor)
		return
	}
	v.running(ready, w)
}

// running compares what an allocator says of itself with what should run.
func (v *verdict) running(ready api.Ready, w expected) {
	release := fmt.Sprintf("release %.12s (%s) runs", ready.Release, ready.Version)
	if ready.Release == w.Release && (w.Version == "" || ready.Version == w.Version) {
		v.good("release", "%s", release)
	} else {
		next := "if it was just deployed, wait: --wait 2m"
		if ready.Failed != nil {
			next = "" // that it was given up says more
		}
		v.wrong("release", fmt.Sprintf("%s, not %.12s (%s)", release, w.Release, w.Version), next)
	}
	v.pointer(ready, w)
	for _, check := range ready.Checks {
		switch {
		case check.OK:
			v.good(check.Name, "%s", check.Reason)
		case check.Warning:
			v.add(check.Name, stateWarning, check.Reason, "")
		default:
			v.wrong(check.Name, check.Reason, "")
		}
	}
	if !ready.Ready && v.OK {
		v.wrong("ready", "the allocator says that it is not ready, and not why", "look at its log")
	}
}

// pointer looks at what the host was told to run, and what became of that.
func (v *verdict) pointer(ready api.Ready, w expected) {
	switch told := fmt.Sprintf("the host was told to run release %.12s", ready.Wanted); ready.Wanted {
	case "":
		v.good("pointer", "the host was never told to run another one")
	case w.Release:
		v.good("pointer", "%s", told)
	default:
		v.wrong("pointer", told, "somebody else deployed, or set the pointer by hand: pulumi up --refresh sets it to the stack's")
	}
	if f := ready.Failed; f != nil {
		v.final = f.Release == w.Release
		v.wrong("given up", fmt.Sprintf("release %.12s was given up at %s: %s. It stays so until the pointer is set, and new machines begin with it", f.Release, day(&f.At), f.Reason),
			"deploy another, or go back with lablink release rollback")
	}
	if ready.Waiting != "" {
		v.wrong("waiting", fmt.Sprintf("the host goes on trying to come to release %.12s: %s", ready.Wanted, ready.Waiting), "")
	}
}
