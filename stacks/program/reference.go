package program

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/identity"
	"github.com/talmolab/lablink-infrastructure/infra/storage"
	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
)

// account is what an environment uses of the account's stack. All is empty where
// none is named.
type account struct {
	artifacts, boundary, stateBucket, stateKey, provider string
}

// readAccount reads the outputs of the account's stack, before anything is
// declared.
func (e *environment) readAccount(ctx *pulumi.Context) error {
	name := e.s.Account.Stack
	if name == "" {
		return nil
	}
	stack, err := pulumi.NewStackReference(ctx, name, nil)
	if err != nil {
		return fmt.Errorf("lablink:account.stack: read %s: %w", name, err)
	}
	version, err := stack.GetOutputDetails("contractVersion")
	if err != nil {
		return fmt.Errorf("lablink:account.stack: read %s: %w", name, err)
	}
	if v, _ := version.Value.(float64); v != outputs.Version {
		return fmt.Errorf("lablink:account.stack: the outputs of %s have contract version %v, this program knows %d: deploy that stack with the program of this commit", name, version.Value, outputs.Version)
	}
	type output struct {
		name, fix string
		into      *string
	}
	needed := []output{
		{"artifactBucket", "deploy it", &e.account.artifacts}, {"permissionsBoundaryArn", "deploy it with the program of this commit", &e.account.boundary},
		{"stateBucket", "deploy it", &e.account.stateBucket}, {"stateKmsKeyArn", "deploy it", &e.account.stateKey},
	}
	if e.s.GitHub.Repository != "" {
		needed = append(needed, output{"oidcProviderArn", "set github.repository in it and deploy it", &e.account.provider})
	}
	for _, o := range needed {
		found, err := stack.GetOutputDetails(o.name)
		if err != nil {
			return fmt.Errorf("lablink:account.stack: read %s of %s: %w", o.name, name, err)
		}
		if *o.into, _ = found.Value.(string); *o.into == "" {
			return fmt.Errorf("lablink:account.stack: %s has no output %s: %s", name, o.name, o.fix)
		}
	}
	return nil
}

// declareArtifacts declares the bucket that releases are kept in, where it is not
// the account's.
func (e *environment) declareArtifacts(ctx *pulumi.Context) error {
	if e.account.artifacts != "" {
		e.artifacts = pulumi.String(e.account.artifacts).ToStringOutput()
		return nil
	}
	b, err := storage.NewBucket(ctx, "artifacts", &storage.BucketArgs{
		Bucket: e.bucket(), Tags: e.n.Tags("release", e.bucket()), Protect: e.s.Protect(),
	})
	if err != nil {
		return err
	}
	e.artifacts = b.Name
	return nil
}

// bucket is the artifact bucket's name.
func (e *environment) bucket() string {
	if e.account.artifacts != "" {
		return e.account.artifacts
	}
	return e.n.Bucket("artifacts")
}

// declareBoundary declares what bounds the roles of machines, where it is not the
// account's.
func (e *environment) declareBoundary(ctx *pulumi.Context) error {
	if e.account.boundary != "" {
		e.boundary = pulumi.String(e.account.boundary).ToStringOutput()
		return nil
	}
	b, err := identity.NewBoundary(ctx, "boundary", e.n)
	if err != nil {
		return err
	}
	e.boundary = b.Arn
	return nil
}

// useProvider takes the account's identity provider for GitHub, where a repository
// is set and the account's stack does not say which it is.
func (e *environment) useProvider(ctx *pulumi.Context) error {
	if e.s.GitHub.Repository == "" || e.account.provider != "" {
		return nil
	}
	found, err := findProvider(ctx, e.s, e.n)
	if err == nil && found.arn == "" {
		err = errors.New("lablink:github.repository is set, but the account has no identity provider for GitHub: deploy the account stack first (kind: account)")
	}
	e.account.provider = found.arn
	return err
}
