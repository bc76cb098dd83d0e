package program

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/identity"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/storage"
	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// accountOf finds out what an account has. What it gives back declares the rest
// of what an AWS account has once, as often as it is called.
func accountOf(ctx *pulumi.Context, s *settings.Settings, n naming.Namer) (pulumi.RunFunc, error) {
	baked, err := lookUpBaked(ctx, s)
	if err != nil {
		return nil, err
	}
	spot, err := findSpotRole(ctx)
	if err != nil {
		return nil, err
	}
	github, err := findProvider(ctx, s, n)
	if err != nil {
		return nil, err
	}
	return func(ctx *pulumi.Context) error { return declareAccount(ctx, s, n, baked, spot, github) }, nil
}

// declareAccount declares what an AWS account has once.
func declareAccount(ctx *pulumi.Context, s *settings.Settings, n naming.Namer, images []baked, spot string, github provider) error {
	key, err := kms.NewKey(ctx, "state-key", &kms.KeyArgs{
		Description: pulumi.String("Encrypts the state of stacks and their secrets"), EnableKeyRotation: pulumi.Bool(true),
		DeletionWindowInDays: pulumi.Int(30), Tags: n.Tags("state", n.Name("state", 255)),
	}, pulumi.Protect(s.Protect()), pulumi.RetainOnDelete(s.Protect()))
	if err != nil {
		return err
	}
	_, err = kms.NewAlias(ctx, "state-key-alias", &kms.AliasArgs{
		Name: pulumi.String("alias/" + n.Name("state", naming.MaxAlias-6)), TargetKeyId: key.KeyId,
	})
	if err != nil {
		return err
	}
	state, err := storage.NewBucket(ctx, "state", &storage.BucketArgs{
		Bucket: n.Bucket("state"), Tags: n.Tags("state", n.Bucket("state")), KeyARN: key.Arn, Protect: s.Protect(),
		KeepContents: true,
	})
	if err != nil {
		return err
	}
	artifacts, err := storage.NewBucket(ctx, "artifacts", &storage.BucketArgs{
		Bucket: n.Bucket("artifacts"), Tags: n.Tags("release", n.Bucket("artifacts")), Protect: s.Protect(),
	})
	if err != nil {
		return err
	}
	boundary, err := identity.NewBoundary(ctx, "boundary", n) // IAM keeps it while a role is bounded by it
	if err != nil {
		return err
	}
	if err := declareSpotRole(ctx, n, spot); err != nil {
		return err
	}
	provider, err := declareProvider(ctx, s, n, github)
	if err != nil {
		return err
	}
	if err := declareBudget(ctx, s, n); err != nil {
		return err
	}
	newest, err := declareImages(ctx, images, n, artifacts.Name, boundary.Arn)
	if err != nil {
		return err
	}
	return export[outputs.Account](ctx, pulumi.Map{
		"contractVersion": pulumi.Int(outputs.Version), "oidcProviderArn": provider,
		"permissionsBoundaryArn": boundary.Arn,
		"stateBucket":            state.Name, "stateKmsKeyArn": key.Arn, "artifactBucket": artifacts.Name,
		"images": newest,
	})
}

// spotService is whom EC2 Spot acts as in an account.
const spotService = "spot.amazonaws.com"

// findSpotRole is the ARN of the role that EC2 Spot acts under, of which an
// account has one; empty where there is none yet.
func findSpotRole(ctx *pulumi.Context) (string, error) {
	path := "/aws-service-role/" + spotService + "/"
	found, err := iam.GetRoles(ctx, &iam.GetRolesArgs{PathPrefix: pulumi.StringRef(path)})
	switch {
	case err != nil:
		return "", fmt.Errorf("look for the service-linked role of EC2 Spot: %w", err)
	case len(found.Arns) == 0:
		return "", nil
	}
	return found.Arns[0], nil
}

// declareSpotRole declares that role. One that is there is taken over as it is;
// none is ever taken away, as machines of others may need it.
func declareSpotRole(ctx *pulumi.Context, n naming.Namer, there string) error {
	opts := []pulumi.ResourceOption{pulumi.RetainOnDelete(true), pulumi.IgnoreChanges([]string{"description", "tags"})}
	if there != "" {
		opts = append(opts, pulumi.Import(pulumi.ID(there)))
	}
	_, err := iam.NewServiceLinkedRole(ctx, "spot-role", &iam.ServiceLinkedRoleArgs{
		AwsServiceName: pulumi.String(spotService), Tags: n.Tags("pool", n.Name("spot", 255)),
	}, opts...)
	return err
}
