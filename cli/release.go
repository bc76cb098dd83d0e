package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/release"
)

// ReleaseCommand is about releases.
type ReleaseCommand struct {
	List     ListCommand     `cmd:"" help:"List the releases in the artifact bucket, newest first."`
	Rollback RollbackCommand `cmd:"" help:"Deploy a release that is in the bucket: writes allocator.version into the stack's file and calls pulumi up."`
}

// ListCommand lists releases.
type ListCommand struct {
	Stack string `short:"s" help:"The stack, when it is not the one that pulumi has selected."`
	Limit int    `default:"20" help:"How many to list (${default})."`
}

// listed is a release in the bucket.
type listed struct {
	Release string    `json:"release"`
	Version string    `json:"version"`
	Stored  time.Time `json:"stored"`
	// State says which one is current, wanted, failed, or damaged.
	State []string `json:"state"`
}

// Run lists them.
func (c ListCommand) Run(ctx context.Context, g *Globals) error {
	s, store, err := g.open(ctx, c.Stack)
	if err != nil {
		return err
	}
	all, err := g.releases(ctx, s, store, c.Limit)
	if err != nil {
		return err
	}
	rows := [][]string{{"RELEASE", "VERSION", "STORED", "STATE"}}
	for _, r := range all {
		rows = append(rows, []string{r.Release, r.Version, day(&r.Stored), strings.Join(r.State, ", ")})
	}
	return g.show(all, rows)
}

func (g *Globals) open(ctx context.Context, name string) (deployed, Artifacts, error) {
	s, err := g.findStack(ctx, name)
	if err != nil {
		return s, nil, err
	}
	if g.URL == "" {
		g.URL = s.URL
	}
	store, err := g.artifacts(ctx, s)
	return s, store, err
}

// releases are the newest in the bucket, with what is known of each.
func (g *Globals) releases(ctx context.Context, s deployed, store Artifacts, limit int) ([]listed, error) {
	stored, err := store.Manifests(ctx)
	if err != nil {
		return nil, err
	}
	pointer, err := store.Pointer(ctx)
	if err != nil {
		return nil, err
	}
	states := map[string][]string{}
	mark := func(sum, state string) { states[sum] = append(states[sum], state) }
	if now, err := g.client().Ready(ctx); err != nil {
		mark(s.Release.Manifest, "deployed; what runs is not known: "+err.Error())
	} else {
		mark(now.Release, "current")
		if now.Failed != nil {
			mark(now.Failed.Release, "failed: "+now.Failed.Reason)
		}
	}
	mark(pointer, "wanted")
	all := []listed{}
	for _, o := range stored[:min(limit, len(stored))] {
		l := listed{Release: o.Sum, Stored: o.At, State: states[o.Sum]}
		raw, err := store.Manifest(ctx, o.Sum)
		if err != nil {
			return nil, err
		}
		m, err := release.Decode(raw, o.Sum)
		if err != nil {
			l.State = append(l.State, "damaged: "+err.Error())
		}
		l.Version = m.Version
		all = append(all, l)
	}
	return all, nil
}

// RollbackCommand goes back.
type RollbackCommand struct {
	Stack string `short:"s" help:"The stack, when it is not the one that pulumi has selected."`
	To    string `placeholder:"SUM" help:"The SHA-256 of the release's manifest. Without it: the one that runs, when the host gave the wanted one up, else the one stored before."`
}

// Run writes the release into the stack's file, so that file, state and host agree,
// and deploys it.
func (c RollbackCommand) Run(ctx context.Context, g *Globals) error {
	s, store, err := g.open(ctx, c.Stack)
	if err != nil {
		return err
	}
	to, err := c.choose(ctx, g, store)
	if err != nil {
		return err
	}
	raw, err := store.Manifest(ctx, to)
	if err != nil {
		return err
	}
	m, err := release.Decode(raw, to)
	if err != nil {
		return err
	}
	fmt.Fprintf(g.Out, "Going back to release %s (%s)\n", to, m.Version)
	if err := g.Engine.Run(ctx, append([]string{"config", "set", "--path", "lablink:allocator.version", "sha256:" + to}, s.args()...)...); err != nil {
		return fmt.Errorf("write the release into the stack's file: %w", err)
	}
	return g.Engine.Run(ctx, append([]string{"up", "--yes"}, s.args()...)...)
}

// choose finds the release to go back to.
func (c RollbackCommand) choose(ctx context.Context, g *Globals, store Artifacts) (string, error) {
	if c.To != "" {
		sum := strings.TrimPrefix(c.To, "sha256:")
		if !release.IsSum(sum) {
			return "", api.Problemf(api.Invalid, "That is no release", "%q is not a SHA-256: 64 hexadecimal digits. lablink release list shows them.", c.To)
		}
		return sum, nil
	}
	wanted, err := store.Pointer(ctx)
	if err != nil {
		return "", err
	}
	if now, err := g.client().Ready(ctx); err == nil && now.Failed != nil && now.Failed.Release == wanted {
		return now.Release, nil
	}
	stored, err := store.Manifests(ctx)
	if err != nil {
		return "", err
	}
	for i, o := range stored[:max(0, len(stored)-1)] {
		if o.Sum == wanted {
			return stored[i+1].Sum, nil
		}
	}
	return "", errors.New("there is no release before the one that is wanted: name one with --to")
}
