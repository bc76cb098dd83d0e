package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
)

// Engine calls pulumi, in the working copy that holds the stacks.
type Engine interface {
	// Output returns what a call prints. The error holds what it said.
	Output(ctx context.Context, args ...string) ([]byte, error)
	// Run shows people what a call says.
	Run(ctx context.Context, args ...string) error
}

// Artifacts is a stack's releases: the artifact bucket and the pointer.
type Artifacts interface {
	// Manifests are the sums of the manifests in the bucket, newest first.
	Manifests(ctx context.Context) ([]Stored, error)
	// Manifest is one of them as it is stored.
	Manifest(ctx context.Context, sum string) ([]byte, error)
	// Pointer is the sum that hosts were told to run.
	Pointer(ctx context.Context) (string, error)
}

// Stored is a manifest in the bucket.
type Stored struct {
	Sum string
	At  time.Time // when it was stored
}

// deployed is a stack that was deployed.
type deployed struct {
	name string
	outputs.Environment
}

// findStack reads the outputs of a stack; "" is the one that pulumi has selected.
func (g *Globals) findStack(ctx context.Context, name string) (deployed, error) {
	args := []string{"stack", "output", "--json"}
	if name != "" {
		args = append(args, "--stack", name)
	}
	raw, err := g.Engine.Output(ctx, args...)
	if err != nil {
		return deployed{}, fmt.Errorf("read the stack's outputs: %w", err)
	}
	out, err := outputs.ReadEnvironment(raw)
	if err == nil && out.Release.Manifest == "" {
		err = errors.New("the stack has no release: was it deployed?")
	}
	return deployed{name, out}, err
}

// artifacts opens the releases of the stack.
func (g *Globals) artifacts(ctx context.Context, s deployed) (Artifacts, error) {
	region, err := g.Engine.Output(ctx, append([]string{"config", "get", "aws:region"}, s.args()...)...)
	if err != nil {
		return nil, fmt.Errorf("read the stack's Region: %w", err)
	}
	return g.OpenArtifacts(ctx, strings.TrimSpace(string(region)), s.ArtifactBucket, "/lablink/"+s.Deployment+"/"+s.Environment.Environment+"/release")
}

func (s deployed) args() []string {
	if s.name == "" {
		return nil
	}
	return []string{"--stack", s.name}
}
