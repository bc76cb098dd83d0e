package program

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/host"
	"github.com/talmolab/lablink-infrastructure/infra/identity"
	"github.com/talmolab/lablink-infrastructure/infra/storage"
)

// adminPasswordName is the parameter that holds the initial password.
const adminPasswordName = host.SecretsName + "/admin-password"

// declareArtifacts declares the bucket that releases are kept in.
func (e *environment) declareArtifacts(ctx *pulumi.Context) error {
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
func (e *environment) bucket() string { return e.n.Bucket("artifacts") }

// declareAdminPassword keeps the initial password where only the allocator's
// host reads it. One that is made up here is made once: the program ignores the
// value from then on.
func (e *environment) declareAdminPassword(ctx *pulumi.Context) (pulumi.StringOutput, pulumi.Resource, error) {
	var opts []pulumi.ResourceOption
	password := e.s.AdminPassword
	if password == "" {
		raw := make([]byte, 32)
		if _, err := rand.Read(raw); err != nil {
			return pulumi.StringOutput{}, nil, fmt.Errorf("make an initial password: %w", err)
		}
		password = base64.RawURLEncoding.EncodeToString(raw)
		opts = append(opts, pulumi.IgnoreChanges([]string{"value"}))
	}
	p, err := ssm.NewParameter(ctx, "admin-password", &ssm.ParameterArgs{
		Name: pulumi.String(e.n.ParameterPath(adminPasswordName)), Type: pulumi.String("SecureString"),
		Value:       pulumi.ToSecret(pulumi.String(password)).(pulumi.StringOutput),
		Description: pulumi.String("The initial password of admin; one changed later lives in the database only"),
		Tags:        pulumi.ToStringMap(e.n.PlainTags("host")),
	}, opts...)
	if err != nil {
		return pulumi.StringOutput{}, nil, err
	}
	return pulumi.ToSecret(p.Value).(pulumi.StringOutput), p, nil
}

// declareIdentity declares the roles of workflows, where a repository is set.
func (e *environment) declareIdentity(ctx *pulumi.Context) (map[string]pulumi.StringInput, error) {
	roles := map[string]pulumi.StringInput{
		"previewRoleArn": pulumi.String(""), "driftRoleArn": pulumi.String(""), "deployRoleArn": pulumi.String(""),
	}
	if e.s.GitHub.Repository == "" {
		return roles, nil
	}
	args := &identity.IdentityArgs{
		Namer: e.n, Environment: e.s.GitHub.Environment, Production: e.s.InProduction(),
		Repository: identity.Repository{Name: e.s.GitHub.Repository, ID: e.s.GitHub.RepositoryID, OwnerID: e.s.GitHub.OwnerID},
	}
	if err := e.readAccount(ctx, args); err != nil {
		return nil, err
	}
	i, err := identity.NewIdentity(ctx, "identity", args)
	if err != nil {
		return nil, err
	}
	roles["previewRoleArn"], roles["driftRoleArn"], roles["deployRoleArn"] = i.PreviewRole, i.DriftRole, i.DeployRole
	return roles, nil
}

// readAccount finds what the roles need of the account: from its stack where
// one is named, by looking it up otherwise.
func (e *environment) readAccount(ctx *pulumi.Context, args *identity.IdentityArgs) error {
	if e.s.Account.Stack == "" {
		provider, err := iam.LookupOpenIdConnectProvider(ctx, &iam.LookupOpenIdConnectProviderArgs{Url: pulumi.StringRef(identity.GitHubURL)})
		if err != nil {
			return fmt.Errorf("lablink:github.repository is set, but the account has no identity provider for GitHub: deploy the account stack first (kind: account): %w", err)
		}
		args.Provider = pulumi.String(provider.Arn)
		return nil
	}
	account, err := pulumi.NewStackReference(ctx, e.s.Account.Stack, nil)
	if err != nil {
		return fmt.Errorf("lablink:account.stack: read %s: %w", e.s.Account.Stack, err)
	}
	output := func(name string) pulumi.StringOutput { return account.GetStringOutput(pulumi.String(name)) }
	args.Provider = output("oidcProviderArn")
	args.State = &identity.State{Bucket: output("stateBucket"), KeyARN: output("stateKmsKeyArn")}
	return nil
}
