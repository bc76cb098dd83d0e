package program

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/identity"
	"github.com/talmolab/lablink-infrastructure/infra/lookup"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// tokenAudience is whom GitHub's tokens are made out to.
const tokenAudience = "sts.amazonaws.com"

// provider is GitHub's identity provider, of which an account has one at most.
type provider struct {
	arn string // empty where there is none yet
	own bool   // whether this stack made it, as its tags say
}

// findProvider looks for GitHub's identity provider, where a repository is set.
// One that does not take the tokens of workflows is refused: who else relies on
// it decides whether it should.
func findProvider(ctx *pulumi.Context, s *settings.Settings, n naming.Namer) (provider, error) {
	if s.GitHub.Repository == "" {
		return provider{}, nil
	}
	found, err := iam.LookupOpenIdConnectProvider(ctx, &iam.LookupOpenIdConnectProviderArgs{Url: pulumi.StringRef(identity.GitHubURL)})
	switch {
	case lookup.Missing(err):
		return provider{}, nil
	case err != nil:
		return provider{}, fmt.Errorf("lablink:github.repository: look for the account's identity provider for GitHub: %w", err)
	case !slices.Contains(found.ClientIdLists, tokenAudience):
		return provider{}, fmt.Errorf("lablink:github.repository: the account's identity provider for GitHub takes tokens for %v, not for %s, which those of workflows are for: aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn %s --client-id %s",
			found.ClientIdLists, tokenAudience, found.Arn, tokenAudience)
	}
	p := provider{arn: found.Arn, own: true}
	for key, value := range n.OwnTags() {
		p.own = p.own && found.Tags[key] == value
	}
	return p, nil
}

// declareProvider declares the identity provider and says its ARN; "" where no
// repository is set. Another's is taken over as it is, and never taken away.
func declareProvider(ctx *pulumi.Context, s *settings.Settings, n naming.Namer, there provider) (pulumi.StringOutput, error) {
	if s.GitHub.Repository == "" {
		return pulumi.String("").ToStringOutput(), nil
	}
	another := there.arn != "" && !there.own
	ignored := []string{"thumbprintLists"} // which AWS fills in, and an import would compare
	if another {
		ignored = append(ignored, "clientIdLists", "tags")
	}
	opts := []pulumi.ResourceOption{pulumi.Protect(s.Protect()), pulumi.RetainOnDelete(another || s.Protect()), pulumi.IgnoreChanges(ignored)}
	if there.arn != "" {
		opts = append(opts, pulumi.Import(pulumi.ID(there.arn)))
	}
	p, err := iam.NewOpenIdConnectProvider(ctx, "github", &iam.OpenIdConnectProviderArgs{
		Url: pulumi.String(identity.GitHubURL), ClientIdLists: pulumi.ToStringArray([]string{tokenAudience}),
		Tags: n.Tags("identity", n.Name("github", 255)),
	}, opts...)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return p.Arn, nil
}
