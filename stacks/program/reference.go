package program

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/identity"
	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
)

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
	output := func(name, fix string) pulumi.StringOutput {
		return accountOutput(account, e.s.Account.Stack, name, fix)
	}
	args.Provider = output("oidcProviderArn", "set github.repository in it and deploy it")
	args.State = &identity.State{
		Bucket: output("stateBucket", "deploy it"), KeyARN: output("stateKmsKeyArn", "deploy it"), Account: e.s.Account.Stack,
	}
	return nil
}

// accountOutput is an output of the account's stack that must be there, of a
// contract that this program knows.
func accountOutput(account *pulumi.StackReference, stack, name, fix string) pulumi.StringOutput {
	return pulumi.All(account.GetOutput(pulumi.String("contractVersion")), account.GetOutput(pulumi.String(name))).ApplyT(func(all []any) (string, error) {
		if version, _ := all[0].(float64); version != outputs.Version {
			return "", fmt.Errorf("lablink:account.stack: the outputs of %s have contract version %v, this program knows %d: deploy that stack with the program of this commit", stack, all[0], outputs.Version)
		}
		if value, _ := all[1].(string); value != "" {
			return value, nil
		}
		return "", fmt.Errorf("lablink:account.stack: %s has no output %s: %s", stack, name, fix)
	}).(pulumi.StringOutput)
}
