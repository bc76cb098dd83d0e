package provider

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// identityKinds are the types about who may do what.
var identityKinds = map[string]kind{
	"aws:iam/role:Role": define(iam.RoleArgs{}, iam.Role{}, traits{Replace: []string{"name", "path"}, Name: autoname{Property: "name", Max: 64}},
		operations[cloud.Role]{(*account).CreateRole, (*account).Role, (*account).UpdateRole, (*account).DeleteRole}),
	"aws:iam/rolePolicy:RolePolicy": define(iam.RolePolicyArgs{}, iam.RolePolicy{}, traits{Replace: []string{"name", "role"}, Name: autoname{Property: "name"}},
		operations[cloud.RolePolicy]{(*account).PutRolePolicy, (*account).RolePolicy,
			func(a *account, _ string, p *cloud.RolePolicy) error { return a.PutRolePolicy(p) }, (*account).DeleteRolePolicy}),
	"aws:iam/instanceProfile:InstanceProfile": define(iam.InstanceProfileArgs{}, iam.InstanceProfile{}, traits{Replace: []string{"name", "path"}, Name: autoname{Property: "name"}},
		operations[cloud.InstanceProfile]{(*account).CreateInstanceProfile, (*account).InstanceProfile, (*account).UpdateInstanceProfile, (*account).DeleteInstanceProfile}),
	"aws:iam/openIdConnectProvider:OpenIdConnectProvider": define(iam.OpenIdConnectProviderArgs{}, iam.OpenIdConnectProvider{}, traits{Replace: []string{"url"}, Alike: []string{"url"}},
		operations[cloud.OIDCProvider]{(*account).CreateOIDCProvider, (*account).OIDCProvider, (*account).UpdateOIDCProvider, (*account).DeleteOIDCProvider}),
}
