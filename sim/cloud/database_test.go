package cloud_test

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// database is a world with what an instance needs, and the instance that is
// described there.
func database(t *testing.T) (*world, cloud.DBInstance) {
	t.Helper()
	w := newWorld(t)
	require.NoError(t, w.CreateDBSubnetGroup(&cloud.DBSubnetGroup{Name: "two", SubnetIDs: w.subnets}))
	require.NoError(t, w.CreateDBParameterGroup(&cloud.DBParameterGroup{
		Name: "tls", Family: "postgres17", Parameters: []cloud.DBParameter{{Name: "rds.force_ssl", Value: "1"}},
	}))
	return w, cloud.DBInstance{
		Identifier: "db", InstanceClass: "db.t4g.micro", Engine: "postgres", EngineVersion: "17", AllocatedStorage: 20, StorageType: "gp3",
		Username: "lablink", ManageMasterUserPassword: true, DBSubnetGroupName: "two", ParameterGroupName: "tls",
		VPCSecurityGroupIDs: []string{w.group(t, "database")}, SkipFinalSnapshot: true,
	}
}

func TestADatabaseIsRDSs(t *testing.T) {
	w, d := database(t)
	require.NoError(t, w.CreateDBInstance(&d))
	got, err := w.DBInstance(d.ID)
	require.NoError(t, err)
	require.Regexp(t, `^db-[0-9A-Z]{26}$`, got.ID)
	require.Regexp(t, `^db\.[0-9a-z]+\.us-west-2\.rds\.amazonaws\.com:5432$`, got.Endpoint)
	require.Equal(t, "arn:aws:rds:us-west-2:123456789012:db:db", got.ARN)
	require.Equal(t, "17", got.EngineVersion, "as it was asked for")
	require.True(t, strings.HasPrefix(got.EngineVersionActual, "17."), got.EngineVersionActual)
	require.True(t, *got.AutoMinorVersionUpgrade && *got.DeleteAutomatedBackups)
	require.Len(t, got.MasterUserSecrets, 1)
	require.Equal(t, d.ID, w.DBInstanceNamed("db"))
}

func TestADatabaseThatCannotBeIsRefused(t *testing.T) {
	for _, c := range []struct {
		name, code string
		spoil      func(w *world, d *cloud.DBInstance)
	}{
		{"two dashes", "InvalidParameterValue", func(_ *world, d *cloud.DBInstance) { d.Identifier = "a--b" }},
		{"a dash at the end", "InvalidParameterValue", func(_ *world, d *cloud.DBInstance) { d.Identifier = "a-" }},
		{"a long name", "InvalidParameterValue", func(_ *world, d *cloud.DBInstance) { d.Identifier = strings.Repeat("a", 64) }},
		{"a capital", "InvalidParameterValue", func(_ *world, d *cloud.DBInstance) { d.Identifier = "Db" }},
		{"a last snapshot with two dashes", "InvalidParameterValue", func(_ *world, d *cloud.DBInstance) { d.FinalSnapshotIdentifier = "a--b" }},
		{"a reserved user", "InvalidParameterValue", func(_ *world, d *cloud.DBInstance) { d.Username = "admin" }},
		{"a database's name with a dash", "InvalidParameterValue", func(_ *world, d *cloud.DBInstance) { d.DBName = "lab-link" }},
		{"a password of one's own", "InvalidParameterValue", func(_ *world, d *cloud.DBInstance) { d.ManageMasterUserPassword = false }},
		{"another engine", "InvalidParameterValue", func(_ *world, d *cloud.DBInstance) { d.Engine = "mysql" }},
		{"a version that is not offered", "InvalidParameterCombination", func(_ *world, d *cloud.DBInstance) { d.EngineVersion = "9.6" }},
		{"a machine's type", "InvalidParameterValue", func(_ *world, d *cloud.DBInstance) { d.InstanceClass = "t4g.micro" }},
		{"a group of another version", "InvalidParameterCombination", func(_ *world, d *cloud.DBInstance) { d.EngineVersion = "16" }},
		{"no such parameters", "DBParameterGroupNotFound", func(_ *world, d *cloud.DBInstance) { d.ParameterGroupName = "none" }},
		{"little storage", "InvalidParameterValue", func(_ *world, d *cloud.DBInstance) { d.AllocatedStorage = 19 }},
		{"growth to less", "InvalidParameterCombination", func(_ *world, d *cloud.DBInstance) { d.MaxAllocatedStorage = 10 }},
		{"a privileged port", "InvalidParameterValue", func(_ *world, d *cloud.DBInstance) { d.Port = 443 }},
		{"backups for too long", "InvalidParameterValue", func(_ *world, d *cloud.DBInstance) { d.BackupRetentionPeriod = 36 }},
		{"no subnets", "InvalidSubnet", func(_ *world, d *cloud.DBInstance) { d.DBSubnetGroupName = "" }},
		{"no such subnets", "DBSubnetGroupNotFoundFault", func(_ *world, d *cloud.DBInstance) { d.DBSubnetGroupName = "none" }},
		{"a public address", "InvalidParameterValue", func(_ *world, d *cloud.DBInstance) { d.PubliclyAccessible = true }},
		{"no such group", "InvalidParameterValue", func(_ *world, d *cloud.DBInstance) { d.VPCSecurityGroupIDs = []string{"sg-0"} }},
		{"a group of another VPC", "InvalidParameterCombination", func(w *world, d *cloud.DBInstance) {
			v := &cloud.VPC{CidrBlock: "10.9.0.0/16"}
			require.NoError(t, w.CreateVPC(v))
			g := &cloud.SecurityGroup{Name: "g", VPCID: v.ID}
			require.NoError(t, w.CreateSecurityGroup(g))
			d.VPCSecurityGroupIDs = []string{g.ID}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, d := database(t)
			c.spoil(w, &d)
			refused(t, c.code, w.CreateDBInstance(&d))
		})
	}
	w, d := database(t)
	require.NoError(t, w.CreateDBInstance(&d))
	refused(t, "DBInstanceAlreadyExists", w.CreateDBInstance(&d))
}

func TestADatabaseGrowsAndKeepsItsMajorVersion(t *testing.T) {
	w, d := database(t)
	require.NoError(t, w.CreateDBInstance(&d))
	for name, c := range map[string]struct {
		change func(*cloud.DBInstance)
		code   string
	}{
		"less storage":          {func(d *cloud.DBInstance) { d.AllocatedStorage = 20 }, "InvalidParameterCombination"},
		"another major version": {func(d *cloud.DBInstance) { d.EngineVersion = "16" }, "InvalidParameterCombination"},
	} {
		next := d
		next.AllocatedStorage = 40
		require.NoError(t, w.UpdateDBInstance(d.ID, &next))
		c.change(&next)
		err := w.UpdateDBInstance(d.ID, &next)
		require.Error(t, err, name)
		refused(t, c.code, err)
	}
	renamed := d
	renamed.Identifier, renamed.AllocatedStorage = "other", 40
	require.NoError(t, w.UpdateDBInstance(d.ID, &renamed))
	got, err := w.DBInstance(d.ID)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(got.Endpoint, "other."), got.Endpoint)
}

func TestADatabaseIsDeletedAsItWasSet(t *testing.T) {
	w, d := database(t)
	d.SkipFinalSnapshot, d.DeletionProtection = false, true
	require.NoError(t, w.CreateDBInstance(&d))
	refused(t, "InvalidParameterCombination", w.DeleteDBInstance(d.ID))
	d.DeletionProtection = false
	require.NoError(t, w.UpdateDBInstance(d.ID, &d))
	require.ErrorContains(t, w.DeleteDBInstance(d.ID), "final_snapshot_identifier is required when skip_final_snapshot is false")
	d.FinalSnapshotIdentifier = "last"
	require.NoError(t, w.UpdateDBInstance(d.ID, &d))
	require.NoError(t, w.DeleteDBInstance(d.ID))
	require.Equal(t, []string{"last"}, w.DBSnapshots())

	require.NoError(t, w.CreateDBInstance(&d))
	refused(t, "DBSnapshotAlreadyExists", w.DeleteDBInstance(d.ID))
	d.SkipFinalSnapshot = true
	require.NoError(t, w.UpdateDBInstance(d.ID, &d))
	require.NoError(t, w.DeleteDBInstance(d.ID))
}

func TestWhatADatabaseStandsInCannotBeDeleted(t *testing.T) {
	w, d := database(t)
	require.NoError(t, w.CreateDBInstance(&d))
	third := w.subnet(t, "10.0.2.0/24", w.AvailabilityZones()[2])
	refused(t, "InvalidDBSubnetGroupStateFault", w.DeleteDBSubnetGroup("two"))
	refused(t, "InvalidDBParameterGroupState", w.DeleteDBParameterGroup("tls"))
	refused(t, "DependencyViolation", w.DeleteSubnet(w.subnets[0]))
	refused(t, "DependencyViolation", w.DeleteSecurityGroup(d.VPCSecurityGroupIDs[0]))
	refused(t, "SubnetAlreadyInUse", w.UpdateDBSubnetGroup("two", &cloud.DBSubnetGroup{SubnetIDs: []string{w.subnets[0], third}}))
	require.NoError(t, w.UpdateDBSubnetGroup("two", &cloud.DBSubnetGroup{SubnetIDs: append(w.subnets, third)}))
	require.NoError(t, w.DeleteDBInstance(d.ID))
	require.NoError(t, w.DeleteDBSubnetGroup("two"))
	require.NoError(t, w.DeleteDBParameterGroup("tls"))
	require.NoError(t, w.DeleteSecurityGroup(d.VPCSecurityGroupIDs[0]))
	require.NoError(t, w.DeleteSubnet(third))
}

func TestWhatADatabaseNeedsIsRDSs(t *testing.T) {
	w, _ := database(t)
	same := w.subnet(t, "10.0.3.0/24", w.AvailabilityZones()[0])
	for _, c := range []struct {
		name, code string
		do         func() error
	}{
		{"a group of one zone", "DBSubnetGroupDoesNotCoverEnoughAZs", func() error {
			return w.CreateDBSubnetGroup(&cloud.DBSubnetGroup{Name: "g", SubnetIDs: []string{w.subnets[0], same}})
		}},
		{"a subnet that is not there", "InvalidSubnet", func() error {
			return w.CreateDBSubnetGroup(&cloud.DBSubnetGroup{Name: "g", SubnetIDs: []string{w.subnets[0], "subnet-0"}})
		}},
		{"a group's name with a capital", "InvalidParameterValue", func() error {
			return w.CreateDBSubnetGroup(&cloud.DBSubnetGroup{Name: "G", SubnetIDs: w.subnets})
		}},
		{"a group twice", "DBSubnetGroupAlreadyExists", func() error { return w.CreateDBSubnetGroup(&cloud.DBSubnetGroup{Name: "two", SubnetIDs: w.subnets}) }},
		{"parameters of no family", "InvalidParameterValue", func() error { return w.CreateDBParameterGroup(&cloud.DBParameterGroup{Name: "p", Family: "postgres9"}) }},
		{"parameters with two dashes", "InvalidParameterValue", func() error {
			return w.CreateDBParameterGroup(&cloud.DBParameterGroup{Name: "p--p", Family: "postgres17"})
		}},
		{"parameters twice", "DBParameterGroupAlreadyExists", func() error {
			return w.CreateDBParameterGroup(&cloud.DBParameterGroup{Name: "tls", Family: "postgres17"})
		}},
		{"a parameter that there is not", "InvalidParameterValue", func() error {
			return w.CreateDBParameterGroup(&cloud.DBParameterGroup{Name: "p", Family: "postgres17", Parameters: []cloud.DBParameter{{Name: "force_ssl", Value: "1"}}})
		}},
		{"a parameter that waits for a restart, at once", "InvalidParameterCombination", func() error {
			return w.CreateDBParameterGroup(&cloud.DBParameterGroup{Name: "p", Family: "postgres17", Parameters: []cloud.DBParameter{{Name: "max_connections", Value: "100"}}})
		}},
	} {
		t.Run(c.name, func(t *testing.T) { refused(t, c.code, c.do()) })
	}
}

const dlmTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"dlm.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"}}}]}`

// lifecycle is a world with a role for policies, and a policy that is right.
func lifecycle(t *testing.T) (*world, cloud.LifecyclePolicy) {
	t.Helper()
	w := newWorld(t)
	role := &cloud.Role{Name: "dlm", AssumeRolePolicy: dlmTrust}
	require.NoError(t, w.CreateRole(role))
	return w, cloud.LifecyclePolicy{Description: "Snapshots of the data", ExecutionRoleARN: role.ARN, PolicyDetails: cloud.LifecyclePolicyDetails{
		ResourceTypes: []string{"VOLUME"}, TargetTags: map[string]string{"data": "here"},
		Schedules: []cloud.LifecycleSchedule{{Name: "often", CreateRule: cloud.LifecycleCreate{Interval: 12}, RetainRule: cloud.LifecycleRetain{Count: 15}}},
	}}
}

func TestALifecyclePolicyIsDLMs(t *testing.T) {
	w, p := lifecycle(t)
	require.NoError(t, w.CreateLifecyclePolicy(&p))
	got, err := w.LifecyclePolicy(p.ID)
	require.NoError(t, err)
	require.Regexp(t, `^policy-[0-9a-f]{17}$`, got.ID)
	require.Equal(t, []string{"ENABLED", "EBS_SNAPSHOT_MANAGEMENT", "HOURS"}, []string{got.State, got.PolicyDetails.PolicyType, got.PolicyDetails.Schedules[0].CreateRule.IntervalUnit})
	require.NoError(t, w.CreateLifecyclePolicy(&p), "nothing about a policy is unique")
	for name, spoil := range map[string]func(*cloud.LifecyclePolicy){
		"a comma":                   func(p *cloud.LifecyclePolicy) { p.Description = "a, b" },
		"a state that is none":      func(p *cloud.LifecyclePolicy) { p.State = "ON" },
		"a role that is not there":  func(p *cloud.LifecyclePolicy) { p.ExecutionRoleARN += "x" },
		"images":                    func(p *cloud.LifecyclePolicy) { p.PolicyDetails.PolicyType = "IMAGE_MANAGEMENT" },
		"instances":                 func(p *cloud.LifecyclePolicy) { p.PolicyDetails.ResourceTypes = []string{"INSTANCE"} },
		"no tags":                   func(p *cloud.LifecyclePolicy) { p.PolicyDetails.TargetTags = nil },
		"no schedule":               func(p *cloud.LifecyclePolicy) { p.PolicyDetails.Schedules = nil },
		"a schedule without a name": func(p *cloud.LifecyclePolicy) { p.PolicyDetails.Schedules[0].Name = "" },
		"hours that do not divide":  func(p *cloud.LifecyclePolicy) { p.PolicyDetails.Schedules[0].CreateRule.Interval = 5 },
		"a time that is none":       func(p *cloud.LifecyclePolicy) { p.PolicyDetails.Schedules[0].CreateRule.Times = "24:00" },
		"nothing kept":              func(p *cloud.LifecyclePolicy) { p.PolicyDetails.Schedules[0].RetainRule.Count = 0 },
		"too many kept":             func(p *cloud.LifecyclePolicy) { p.PolicyDetails.Schedules[0].RetainRule.Count = 1001 },
		"kept by number and by age": func(p *cloud.LifecyclePolicy) { p.PolicyDetails.Schedules[0].RetainRule.Interval = 1 },
		"kept for a time without units": func(p *cloud.LifecyclePolicy) {
			p.PolicyDetails.Schedules[0].RetainRule = cloud.LifecycleRetain{Interval: 1}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, p := lifecycle(t)
			spoil(&p)
			refused(t, "InvalidRequestException", w.CreateLifecyclePolicy(&p))
		})
	}
}

func TestALifecyclePolicysRoleTrustsDLM(t *testing.T) {
	for name, trust := range map[string]string{
		"a machine's role":                  ec2Trust,
		"a role for policies of an account": strings.ReplaceAll(dlmTrust, "123456789012", "210987654321"),
	} {
		w, p := lifecycle(t)
		require.NoError(t, w.UpdateRole("dlm", &cloud.Role{AssumeRolePolicy: trust}), name)
		refused(t, "InvalidRequestException", w.CreateLifecyclePolicy(&p))
	}
}

func TestADatabaseIsReachedInsideItsNetworkByItsGroupsRules(t *testing.T) {
	w, d := database(t)
	d.DBName = "lablink"
	require.NoError(t, w.CreateDBInstance(&d))
	db, ok := w.DatabaseNamed(d.Address)
	require.True(t, ok)
	require.Equal(t, []any{"lablink", "lablink", 5432}, []any{db.Name, db.User, db.Port})
	require.Equal(t, []string{d.ID}, w.Databases())
	group := w.group(t, "hosts")
	host, other := w.instance(t, w.subnets[1], group), w.instance(t, w.subnets[0], w.group(t, "others"))
	reach := func(i *cloud.Instance, port int) error { return w.ReachDatabase(cloud.Peer{Instance: i.ID}, db, port) }
	require.ErrorContains(t, reach(host, 5432), "no egress rule")
	w.allow(t, group, true, 5432, anywhere)
	w.allow(t, other.VPCSecurityGroupIDs[0], true, 5432, anywhere)
	require.ErrorContains(t, reach(host, 5432), "no ingress rule")
	w.allow(t, d.VPCSecurityGroupIDs[0], false, 5432, group)
	require.NoError(t, reach(host, 5432))
	require.ErrorContains(t, reach(host, 80), "nothing listens on port 80")
	require.ErrorContains(t, reach(other, 5432), "no ingress rule")
	require.ErrorContains(t, w.ReachDatabase(cloud.Peer{Address: cloud.Internet}, db, 5432), "inside its VPC only")
}

func TestADatabaseHasASecretAndACertificateOfItsOwn(t *testing.T) {
	w, d := database(t)
	require.NoError(t, w.CreateDBInstance(&d))
	db, err := w.DatabaseSecret(d.MasterUserSecrets[0].SecretARN)
	require.NoError(t, err)
	require.Equal(t, "lablink", db.User)
	require.Len(t, db.Password, 32)
	_, err = w.DatabaseSecret("arn:aws:secretsmanager:us-west-2:123456789012:secret:other")
	require.ErrorContains(t, err, "can't find the specified secret")

	roots, err := w.RDSRoots()
	require.NoError(t, err)
	certificate, key, err := w.DatabaseCertificate(db)
	require.NoError(t, err)
	pair, err := tls.X509KeyPair(certificate, key)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(roots))
	_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: d.Address, CurrentTime: w.now})
	require.NoError(t, err)
	amazon, err := w.AmazonRoot()
	require.NoError(t, err)
	require.NotEqual(t, amazon, roots, "systems do not trust it")
}
