package account

import (
	"context"
	"fmt"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// Trust is the trust policy of a role.
func (a *Account) Trust(ctx context.Context, role string) (string, error) {
	out, err := a.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: &role})
	if err != nil {
		return "", explain("iam:GetRole", err)
	}
	document, err := url.QueryUnescape(aws.ToString(out.Role.AssumeRolePolicyDocument))
	if err != nil {
		return "", fmt.Errorf("read the trust policy of %s: %w", role, err)
	}
	return document, nil
}

// Clients are for whom an identity provider takes tokens.
func (a *Account) Clients(ctx context.Context, provider string) ([]string, error) {
	out, err := a.iam.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &provider})
	if err != nil {
		return nil, explain("iam:GetOpenIDConnectProvider", err)
	}
	return out.ClientIDList, nil
}
