package database_test

import (
	"os"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/database"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

// postgresArgs are complete, with some changed.
func postgresArgs(change func(*database.PostgresArgs)) *database.PostgresArgs {
	args := &database.PostgresArgs{
		Namer: lab, VPCID: pulumi.String("vpc-1"), SubnetIDs: []pulumi.StringInput{pulumi.String("subnet-1"), pulumi.String("subnet-2")},
		AllocatorGroup: pulumi.String("sg-allocator"), InstanceClass: "db.t4g.micro", BackupDays: 7,
	}
	if change != nil {
		change(args)
	}
	return args
}

func postgres(args *database.PostgresArgs) (*recording.Recording, error) {
	return recording.Run("test", account, func(ctx *pulumi.Context) error {
		p, err := database.NewPostgres(ctx, "database", args)
		if err != nil {
			return err
		}
		ctx.Export("endpoint", p.Endpoint)
		ctx.Export("secret", p.SecretARN)
		ctx.Export("identifier", p.Identifier)
		return nil
	})
}

func TestTheDatabaseIsReachedByTheAllocatorAlone(t *testing.T) {
	r, err := postgres(postgresArgs(nil))
	require.NoError(t, err)
	rules := r.Of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
	require.Len(t, rules, 1)
	rule := rules[0]
	assert.Equal(t, []any{"database-group-id", "sg-allocator", "tcp", 5432.0, 5432.0}, []any{
		rule.Get("securityGroupId"), rule.Get("referencedSecurityGroupId"), rule.Get("ipProtocol"), rule.Get("fromPort"), rule.Get("toPort"),
	})
	assert.Nil(t, rule.Get("cidrIpv4"))
	assert.Empty(t, r.Of("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"), "it calls nobody")
	instance := r.Named("database-instance")
	assert.Equal(t, false, instance.Get("publiclyAccessible"))
	assert.Equal(t, []any{"database-group-id"}, instance.Get("vpcSecurityGroupIds"))
	assert.Equal(t, []any{"subnet-1", "subnet-2"}, r.Named("database-subnets").Get("subnetIds"))
	assert.Equal(t, map[string]any{"name": "rds.force_ssl", "value": "1"}, r.Named("database-parameters").Get("parameters[0]"))
}

func TestTheDatabasesPasswordIsAWSs(t *testing.T) {
	r, err := postgres(postgresArgs(nil))
	require.NoError(t, err)
	instance := r.Named("database-instance")
	assert.Equal(t, true, instance.Get("manageMasterUserPassword"))
	assert.Nil(t, instance.Get("password"))
	assert.Equal(t, "arn:aws:secretsmanager:us-west-2:123456789012:secret:rds!database-instance-id", r.Outputs["secret"].Value)
	assert.Equal(t, "lablink-database-test.recorded.us-west-2.rds.amazonaws.com:5432", r.Outputs["endpoint"].Value)
	assert.Equal(t, "lablink-database-test", r.Outputs["identifier"].Value)
}

func TestWhatADatabaseHoldsIsKept(t *testing.T) {
	for _, c := range []struct {
		why            string
		protect, final bool
	}{{"left to itself", false, false}, {"protected", true, true}, {"retiring", false, true}} {
		r, err := postgres(postgresArgs(func(a *database.PostgresArgs) { a.Protect, a.FinalSnapshot = c.protect, c.final }))
		require.NoError(t, err)
		i := r.Named("database-instance")
		assert.Equal(t, true, i.Get("storageEncrypted"), c.why)
		assert.Equal(t, c.protect, i.Protect, c.why)
		assert.Equal(t, c.protect, i.Get("deletionProtection"), c.why)
		assert.Equal(t, !c.final, i.Get("skipFinalSnapshot"), c.why)
		assert.Equal(t, !c.final, i.Get("deleteAutomatedBackups"), c.why)
		assert.Equal(t, c.final, i.Get("finalSnapshotIdentifier") != nil, c.why)
		assert.Equal(t, 7.0, i.Get("backupRetentionPeriod"), c.why)
	}
}

// The minor version is RDS's; a parameter group is of one major version.
func TestTheDatabasesVersionIsPinnedToAMajorOne(t *testing.T) {
	r, err := postgres(postgresArgs(func(a *database.PostgresArgs) { a.MultiAZ = true }))
	require.NoError(t, err)
	i := r.Named("database-instance")
	assert.Equal(t, database.Major, i.Text("engineVersion"))
	assert.Regexp(t, `^[0-9]+$`, database.Major)
	assert.Equal(t, true, i.Get("autoMinorVersionUpgrade"))
	assert.Equal(t, true, i.Get("multiAz"))
	assert.Equal(t, "postgres"+database.Major, r.Named("database-parameters").Text("family"))
	assert.Contains(t, r.Named("database-parameters").Text("name"), database.Major)
}

func TestAnIncompleteDatabaseIsRefusedBeforeAnythingIsDeclared(t *testing.T) {
	for why, args := range map[string]*database.PostgresArgs{
		"nothing":   nil,
		"no VPC":    postgresArgs(func(a *database.PostgresArgs) { a.VPCID = nil }),
		"one zone":  postgresArgs(func(a *database.PostgresArgs) { a.SubnetIDs = a.SubnetIDs[:1] }),
		"no caller": postgresArgs(func(a *database.PostgresArgs) { a.AllocatorGroup = nil }),
		"no class":  postgresArgs(func(a *database.PostgresArgs) { a.InstanceClass = "" }),
	} {
		r, err := postgres(args)
		assert.ErrorContains(t, err, "are required", why)
		assert.Empty(t, r.Names(), why)
	}
}

// pg_dump refuses a server that is newer than itself.
func TestTheDocumentsNameTheClientsOfTheDatabasesMajorVersion(t *testing.T) {
	raw, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	text := string(raw)
	assert.Contains(t, text, "the server's major version or a newer one, "+database.Major+",")
	assert.Contains(t, text, "`postgresql-client-"+database.Major+"`")
}
