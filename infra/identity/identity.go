package identity

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/identity/subject"
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
type Repository = subject.Repository

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
	// Images are the names of the parameters that hold images' ids, or their ARNs.
	// Optional.
	Images []string
	// Artifacts is the name of the bucket that releases are in. Required.
	Artifacts pulumi.StringInput
	// Boundary is the ARN of the policy that bounds machines' roles. Required.
	Boundary pulumi.StringInput
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
	if args == nil || args.Provider == nil || args.Repository.Name == "" || args.Environment == "" || args.Artifacts == nil || args.Boundary == nil {
		return nil, errors.New("identity: Provider, Repository, Environment, Artifacts and Boundary are required")
	}
	i := &Identity{}
	if err := ctx.RegisterComponentResource("lablink:identity:Identity", name, i, opts...); err != nil {
		return nil, err
	}
	in := subject.In(args.Environment, args.Production)
	var err error
	if i.PreviewRole, err = i.declareLooking(ctx, name, args, "preview", in.Preview, Prices()...); err != nil {
		return nil, err
	}
	if i.DriftRole, err = i.declareLooking(ctx, name, args, "drift", in.Drift); err != nil {
		return nil, err
	}
	if i.DeployRole, err = i.declareDeploying(ctx, name, args, args.own(), "deploy", in.Deploy); err != nil {
		return nil, err
	}
	if !args.Production {
		if _, err := i.declareDeploying(ctx, name, args, args.endToEnd(), "e2e", in.E2E); err != nil {
			return nil, err
		}
	}
	return i, ctx.RegisterResourceOutputs(i, pulumi.Map{
		"previewRoleArn": i.PreviewRole, "driftRoleArn": i.DriftRole, "deployRoleArn": i.DeployRole,
	})
}

// declareLooking declares a role that reads, and may do something more.
func (i *Identity) declareLooking(ctx *pulumi.Context, name string, args *IdentityArgs, what, context string, more ...policy.Statement) (pulumi.StringOutput, error) {
	role, err := i.declareRole(ctx, name, args, what, context, func(v values) policy.Document {
		return slices.Concat(Look(args.Namer, v.artifacts), args.state(v, args.Namer.Environment, false), more)
	})
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return role.Arn, i.attach(ctx, name, args.Namer, what+"-images", role, ReadImages(args.Namer, args.Images))
}

// declareDeploying declares a role that makes and changes. One inline policy is
// too short for all that it may do.
func (i *Identity) declareDeploying(ctx *pulumi.Context, name string, args *IdentityArgs, of target, what, context string) (pulumi.StringOutput, error) {
	none := pulumi.StringOutput{}
	role, err := i.declareRole(ctx, name, args, what, context, func(v values) policy.Document {
		if v.artifacts == args.Namer.Bucket("artifacts") { // each environment has its own
			v.artifacts = of.namer.Bucket("artifacts")
		}
		return append(Deploy(of.namer, of.record, v.artifacts, v.boundary), args.state(v, of.namer.Environment, true)...)
	})
	if err != nil {
		return none, err
	}
	if err := i.attach(ctx, name, args.Namer, what+"-network", role, DeployNetwork(of.namer, of.network)); err != nil {
		return none, err
	}
	if err := i.attach(ctx, name, args.Namer, what+"-images", role, ReadImages(of.namer, of.images)); err != nil {
		return none, err
	}
	return role.Arn, i.attach(ctx, name, args.Namer, what+"-services", role, DeployServices(of.namer))
}

// attach declares a managed policy and gives it to a role; none where it says
// nothing.
func (i *Identity) attach(ctx *pulumi.Context, name string, n naming.Namer, what string, role *iam.Role, document policy.Document) error {
	if len(document) == 0 {
		return nil
	}
	text, err := document.JSON()
	if err != nil {
		return err
	}
	policyName := n.IAM(what, naming.MaxPolicy)
	managed, err := iam.NewPolicy(ctx, name+"-"+what, &iam.PolicyArgs{
		Name: pulumi.String(policyName), Policy: pulumi.String(text), Tags: n.Tags(component, policyName),
	}, pulumi.Parent(i))
	if err != nil {
		return err
	}
	_, err = iam.NewRolePolicyAttachment(ctx, name+"-"+what+"-attached", &iam.RolePolicyAttachmentArgs{
		Role: role.Name, PolicyArn: managed.Arn,
	}, pulumi.Parent(i))
	return err
}

// values are what policies hold that is known only once it exists.
type values struct{ artifacts, boundary, bucket, key string }

func (i *Identity) declareRole(ctx *pulumi.Context, name string, args *IdentityArgs, what, context string, build func(values) policy.Document) (*iam.Role, error) {
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
		return nil, err
	}
	inputs := []pulumi.StringInput{args.Artifacts, args.Boundary}
	if args.State != nil {
		inputs = append(inputs, args.State.Bucket, args.State.KeyARN)
	}
	_, err = iam.NewRolePolicy(ctx, name+"-"+what+"-permissions", &iam.RolePolicyArgs{
		Name: pulumi.String(what), Role: role.Name, Policy: policy.Render(func(plain []string) policy.Document {
			v := values{artifacts: plain[0], boundary: plain[1]}
			if len(plain) > 2 {
				v.bucket, v.key = plain[2], plain[3]
			}
			return build(v)
		}, inputs...),
	}, pulumi.Parent(i))
	return role, err
}

// state is the access to the state of stacks, where there is a bucket for it.
func (args *IdentityArgs) state(v values, stack string, write bool) policy.Document {
	if args.State == nil {
		return nil
	}
	return state(v.bucket, v.key, stack, args.State.Account, write)
}
