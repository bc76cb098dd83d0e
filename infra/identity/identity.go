package identity

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
)

const component = "identity"

// GitHubURL is the issuer of GitHub's tokens.
const GitHubURL = "https://token.actions.githubusercontent.com"

// Identity holds the roles.
type Identity struct {
	pulumi.ResourceState

	// PreviewRole, DriftRole and DeployRole are the roles' ARNs.
	PreviewRole pulumi.StringOutput `pulumi:"previewRoleArn"`
	DriftRole   pulumi.StringOutput `pulumi:"driftRoleArn"`
	DeployRole  pulumi.StringOutput `pulumi:"deployRoleArn"`
}

// Repository says whose workflows are trusted.
type Repository struct {
	Name    string // owner/repository
	ID      string // the repository's numeric id; "" where it is not known
	OwnerID string // the owner's numeric id; "" where it is not known
}

// IdentityArgs says who may do what.
type IdentityArgs struct {
	Namer naming.Namer
	// Provider is the ARN of GitHub's identity provider in this account. Required.
	Provider pulumi.StringInput
	// Repository is whose workflows are trusted. Required: its name.
	Repository Repository
	// Environment is the GitHub environment whose runs may deploy. Required.
	Environment string
	// Production makes previews run in a GitHub environment too, named
	// {Environment}-preview, so that reviewers decide.
	Production bool
	// Record is the record that a deployment changes. Optional: roles change none.
	Record Record
	// Network is what a deployment uses of a VPC that is not its own. Optional.
	Network Network
	// State is where stacks keep their state. Optional: roles get no access to it.
	State *State
}

// Record is a name in a hosted zone.
type Record struct {
	ZoneID, Name string
}

// Network is a VPC that carries no tags of this deployment, and its subnets.
type Network struct {
	VPCID     string
	SubnetIDs []string
}

// NewIdentity declares the roles.
func NewIdentity(ctx *pulumi.Context, name string, args *IdentityArgs, opts ...pulumi.ResourceOption) (*Identity, error) {
	if args == nil || args.Provider == nil || args.Repository.Name == "" || args.Environment == "" {
		return nil, errors.New("identity: Provider, Repository and Environment are required")
	}
	i := &Identity{}
	if err := ctx.RegisterComponentResource("lablink:identity:Identity", name, i, opts...); err != nil {
		return nil, err
	}
	previews := "pull_request"
	if args.Production {
		previews = "environment:" + args.Environment + "-preview"
	}
	var err error
	look := func(values []string) policy.Document { return append(Look(args.Namer), args.state(values, false)...) }
	if i.PreviewRole, err = i.declareRole(ctx, name, args, "preview", previews, look); err != nil {
		return nil, err
	}
	if i.DriftRole, err = i.declareRole(ctx, name, args, "drift", "ref:refs/heads/main", look); err != nil {
		return nil, err
	}
	deploy := func(values []string) policy.Document {
		return append(Deploy(args.Namer, args.Record, args.Network), args.state(values, true)...)
	}
	if i.DeployRole, err = i.declareRole(ctx, name, args, "deploy", "environment:"+args.Environment, deploy); err != nil {
		return nil, err
	}
	return i, ctx.RegisterResourceOutputs(i, pulumi.Map{
		"previewRoleArn": i.PreviewRole, "driftRoleArn": i.DriftRole, "deployRoleArn": i.DeployRole,
	})
}

func (i *Identity) declareRole(ctx *pulumi.Context, name string, args *IdentityArgs, what, context string, build func([]string) policy.Document) (pulumi.StringOutput, error) {
	var none pulumi.StringOutput
	roleName := args.Namer.IAM(what, naming.MaxRole)
	trust := policy.Render(func(values []string) policy.Document {
		return Trust(values[0], args.Repository, context)
	}, args.Provider)
	role, err := iam.NewRole(ctx, name+"-"+what, &iam.RoleArgs{
		Name: pulumi.String(roleName), AssumeRolePolicy: trust,
		Description: pulumi.String(fmt.Sprintf("What workflows of %s may do in %s", args.Repository.Name, context)),
		Tags:        args.Namer.Tags(component, roleName),
	}, pulumi.Parent(i))
	if err != nil {
		return none, err
	}
	var values []pulumi.StringInput
	if args.State != nil {
		values = []pulumi.StringInput{args.State.Bucket, args.State.KeyARN}
	}
	_, err = iam.NewRolePolicy(ctx, name+"-"+what+"-permissions", &iam.RolePolicyArgs{
		Name: pulumi.String(what), Role: role.Name, Policy: policy.Render(build, values...),
	}, pulumi.Parent(i))
	return role.Arn, err
}

// state is the access to the state of stacks, where there is a bucket for it.
func (args *IdentityArgs) state(values []string, write bool) policy.Document {
	if args.State == nil {
		return nil
	}
	return state(values[0], values[1], args.Namer.Environment, args.State.Account, write)
}
