package program

import (
	"crypto/rand"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/host"
	"github.com/talmolab/lablink-infrastructure/infra/identity"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// adminPasswordName is the parameter that holds the initial password.
const adminPasswordName = host.SecretsName + "/admin-password"

// declareAdminPassword keeps the initial password where only the allocator's
// host reads it. One that is made up here is made once: the program ignores the
// value from then on.
func (e *environment) declareAdminPassword(ctx *pulumi.Context) (pulumi.StringOutput, pulumi.Resource, error) {
	var opts []pulumi.ResourceOption
	password := e.s.AdminPassword
	if password == "" {
		password = rand.Text() + rand.Text() // 260 bits, none of which a command line takes for a flag
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
		Namer: e.n, Provider: pulumi.String(e.account.provider), Artifacts: pulumi.String(e.bucket()), Boundary: e.boundary,
		Environment: e.s.GitHub.Environment, Production: e.s.InProduction(),
		Repository: identity.Repository{Name: e.s.GitHub.Repository, ID: e.s.GitHub.RepositoryID, OwnerID: e.s.GitHub.OwnerID},
	}
	for _, p := range e.s.Pools {
		if p.Image.ID == "" && p.Image.SSMParameter != "" { // else it is not looked up
			args.Images = append(args.Images, p.Image.SSMParameter)
		}
	}
	if e.s.DNS.Provider == settings.Route53 && e.s.ManagesRecord() {
		args.Record = identity.Record{ZoneID: e.found.zoneID, Name: e.s.DNS.Domain}
	}
	if there := e.found.network; there != nil {
		args.Network = identity.Network{VPCID: there.VPCID, SubnetIDs: e.s.Network.SubnetIDs}
	}
	if e.account.stateBucket != "" {
		args.State = &identity.State{
			Bucket: pulumi.String(e.account.stateBucket), KeyARN: pulumi.String(e.account.stateKey), Account: e.s.Account.Stack,
		}
	}
	i, err := identity.NewIdentity(ctx, "identity", args)
	if err != nil {
		return nil, err
	}
	roles["previewRoleArn"], roles["driftRoleArn"], roles["deployRoleArn"] = i.PreviewRole, i.DriftRole, i.DeployRole
	return roles, nil
}
