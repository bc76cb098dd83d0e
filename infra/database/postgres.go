package database

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
)

// Major is PostgreSQL's major version. RDS follows its minor ones by itself.
const Major = "17"

// Name is the database's name on the instance.
const Name = "lablink"

const (
	port       = 5432
	storageGiB = 20  // what an instance begins with
	growthGiB  = 100 // and grows to by itself
)

// Postgres is an RDS instance.
type Postgres struct {
	pulumi.ResourceState

	// Endpoint is where it is reached: a name and a port.
	Endpoint pulumi.StringOutput `pulumi:"endpoint"`
	// Identifier is RDS's name of the instance, by which CloudWatch knows it.
	Identifier pulumi.StringOutput `pulumi:"identifier"`
	// SecretARN is the secret of Secrets Manager that holds user and password.
	SecretARN pulumi.StringOutput `pulumi:"secretArn"`
}

// PostgresArgs says where the instance is and how it is kept.
type PostgresArgs struct {
	Namer naming.Namer
	// VPCID and SubnetIDs say where it stands: subnets of two zones at least. Required.
	VPCID     pulumi.StringInput
	SubnetIDs []pulumi.StringInput
	// AllocatorGroup is the security group that may connect. Required.
	AllocatorGroup pulumi.StringInput
	// InstanceClass is RDS's class, for example "db.t4g.micro". Required.
	InstanceClass string
	// MultiAZ keeps a standby in another zone.
	MultiAZ bool
	// BackupDays is how long backups are kept, 0–35 days; 0 takes none.
	BackupDays int
	// Protect refuses deletion, by Pulumi and by AWS.
	Protect bool
	// FinalSnapshot takes a snapshot when the instance is deleted all the same.
	FinalSnapshot bool
}

// NewPostgres declares the instance.
func NewPostgres(ctx *pulumi.Context, name string, args *PostgresArgs, opts ...pulumi.ResourceOption) (*Postgres, error) {
	if args == nil || args.VPCID == nil || len(args.SubnetIDs) < 2 || args.AllocatorGroup == nil || args.InstanceClass == "" {
		return nil, errors.New("database: VPCID, two SubnetIDs, AllocatorGroup and InstanceClass are required")
	}
	p := &Postgres{}
	if err := ctx.RegisterComponentResource("lablink:database:Postgres", name, p, opts...); err != nil {
		return nil, err
	}
	instance, err := p.declareInstance(ctx, name, args)
	if err != nil {
		return nil, err
	}
	p.Endpoint, p.Identifier = instance.Endpoint, instance.Identifier
	p.SecretARN = instance.MasterUserSecrets.ApplyT(func(secrets []rds.InstanceMasterUserSecret) (string, error) {
		if len(secrets) != 1 || secrets[0].SecretArn == nil {
			return "", fmt.Errorf("database: RDS tells of %d secrets of the master user, and one is expected", len(secrets))
		}
		return *secrets[0].SecretArn, nil
	}).(pulumi.StringOutput)
	return p, ctx.RegisterResourceOutputs(p, pulumi.Map{"endpoint": p.Endpoint, "identifier": p.Identifier, "secretArn": p.SecretARN})
}

func (p *Postgres) declareInstance(ctx *pulumi.Context, name string, args *PostgresArgs) (*rds.Instance, error) {
	group, err := p.declareGroup(ctx, name, args)
	if err != nil {
		return nil, err
	}
	n, parent := args.Namer, pulumi.Parent(p)
	subnetGroup := n.Database("database")
	subnets, err := rds.NewSubnetGroup(ctx, name+"-subnets", &rds.SubnetGroupArgs{
		Name: pulumi.String(subnetGroup), Description: pulumi.String("Where the database stands"),
		SubnetIds: pulumi.StringArray(args.SubnetIDs), Tags: n.Tags(component, subnetGroup),
	}, parent)
	if err != nil {
		return nil, err
	}
	// Named by the version, so that a new one can be made beside the old.
	parameterGroup := n.Database("postgres" + Major)
	parameters, err := rds.NewParameterGroup(ctx, name+"-parameters", &rds.ParameterGroupArgs{
		Name: pulumi.String(parameterGroup), Family: pulumi.String("postgres" + Major), Description: pulumi.String("TLS only"),
		Parameters: rds.ParameterGroupParameterArray{rds.ParameterGroupParameterArgs{Name: pulumi.String("rds.force_ssl"), Value: pulumi.String("1")}},
		Tags:       n.Tags(component, parameterGroup),
	}, parent)
	if err != nil {
		return nil, err
	}
	identifier := n.Database("database")
	settings := &rds.InstanceArgs{
		Identifier: pulumi.String(identifier), InstanceClass: pulumi.String(args.InstanceClass), Tags: n.Tags(component, identifier),
		Engine: pulumi.String("postgres"), EngineVersion: pulumi.String(Major), AutoMinorVersionUpgrade: pulumi.Bool(true),
		AllocatedStorage: pulumi.Int(storageGiB), MaxAllocatedStorage: pulumi.Int(growthGiB), StorageType: pulumi.String("gp3"),
		StorageEncrypted: pulumi.Bool(true), DbName: pulumi.String(Name), Username: pulumi.String("lablink"),
		ManageMasterUserPassword: pulumi.Bool(true),
		DbSubnetGroupName:        subnets.Name, ParameterGroupName: parameters.Name, MultiAz: pulumi.Bool(args.MultiAZ),
		VpcSecurityGroupIds: pulumi.StringArray{group.ID()}, PubliclyAccessible: pulumi.Bool(false),
		BackupRetentionPeriod: pulumi.Int(args.BackupDays), CopyTagsToSnapshot: pulumi.Bool(true),
		DeleteAutomatedBackups: pulumi.Bool(!args.FinalSnapshot), DeletionProtection: pulumi.Bool(args.Protect),
		SkipFinalSnapshot: pulumi.Bool(!args.FinalSnapshot),
	}
	if args.FinalSnapshot {
		settings.FinalSnapshotIdentifier = pulumi.String(n.Database("database-final"))
	}
	// Not retained: what it stands in could not be deleted around it.
	return rds.NewInstance(ctx, name+"-instance", settings, parent, pulumi.Protect(args.Protect))
}

// declareGroup declares the security group, which the allocator alone may reach.
func (p *Postgres) declareGroup(ctx *pulumi.Context, name string, args *PostgresArgs) (*ec2.SecurityGroup, error) {
	groupName := args.Namer.Name("database", naming.MaxSecurityGroup)
	group, err := ec2.NewSecurityGroup(ctx, name+"-group", &ec2.SecurityGroupArgs{
		Name: pulumi.String(groupName), Description: pulumi.String("The database: the allocator alone"), VpcId: args.VPCID,
		Tags: args.Namer.Tags(component, groupName),
	}, pulumi.Parent(p))
	if err != nil {
		return nil, err
	}
	_, err = vpc.NewSecurityGroupIngressRule(ctx, name+"-allocator", &vpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId: group.ID(), IpProtocol: pulumi.String("tcp"), ReferencedSecurityGroupId: args.AllocatorGroup,
		FromPort: pulumi.Int(port), ToPort: pulumi.Int(port), Description: pulumi.String("the allocator"),
		Tags: args.Namer.Tags(component, groupName),
	}, pulumi.Parent(p))
	return group, err
}
