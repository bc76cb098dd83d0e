package cloud

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

var (
	dbIdentifier    = regexp.MustCompile(`^[a-z][0-9a-z-]{0,62}$`)
	dbFinalSnapshot = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z-]{0,254}$`)
	dbClass         = regexp.MustCompile(`^db\.[a-z0-9-]+\.[a-z0-9]+$`)
	dbUser          = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z_]{0,62}$`)
)

// reservedUsers are names that RDS keeps from PostgreSQL's master user.
var reservedUsers = []string{"admin", "postgres_rds", "rdsadmin", "rds_superuser"}

// check refuses an instance that cannot be, and fills in what RDS chooses.
func (d *DBInstance) check(m *model) error {
	for _, check := range []func(*model) error{d.checkNames, d.checkEngine, d.checkStorage, d.checkPlace} {
		if err := check(m); err != nil {
			return err
		}
	}
	yes := true
	d.AutoMinorVersionUpgrade, d.DeleteAutomatedBackups = cmp.Or(d.AutoMinorVersionUpgrade, &yes), cmp.Or(d.DeleteAutomatedBackups, &yes)
	return d.settle()
}

func (d *DBInstance) checkNames(*model) error {
	dashes := func(name string) bool { return strings.Contains(name, "--") || strings.HasSuffix(name, "-") }
	switch final := d.FinalSnapshotIdentifier; {
	case !dbIdentifier.MatchString(d.Identifier) || dashes(d.Identifier):
		return refuse("InvalidParameterValue", "The parameter DBInstanceIdentifier is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.")
	case final != "" && (!dbFinalSnapshot.MatchString(final) || dashes(final)):
		return refuse("InvalidParameterValue", "The parameter FinalDBSnapshotIdentifier is not a valid identifier: %q", final)
	case !dbUser.MatchString(d.Username) || slices.Contains(reservedUsers, strings.ToLower(d.Username)):
		return refuse("InvalidParameterValue", "MasterUsername %s cannot be used as it is a reserved word used by the engine", d.Username)
	case d.DBName != "" && !dbUser.MatchString(d.DBName):
		return refuse("InvalidParameterValue", "DBName must begin with a letter and contain only alphanumeric characters.")
	case !d.ManageMasterUserPassword:
		return refuse("InvalidParameterValue", "The simulator models databases whose master password AWS manages.")
	}
	return nil
}

func (d *DBInstance) checkEngine(m *model) error {
	d.EngineVersion = cmp.Or(d.EngineVersion, postgresMajors[len(postgresMajors)-1])
	switch {
	case d.Engine != "postgres":
		return refuse("InvalidParameterValue", "The simulator models databases of the engine postgres, not %q.", d.Engine)
	case !slices.Contains(postgresMajors, postgresMajor(d.EngineVersion)):
		return refuse("InvalidParameterCombination", "Cannot find version %s for postgres", d.EngineVersion)
	case !dbClass.MatchString(d.InstanceClass):
		return refuse("InvalidParameterValue", "Invalid DB Instance class: %s", d.InstanceClass)
	}
	d.EngineVersionActual = d.EngineVersion
	if !strings.Contains(d.EngineVersion, ".") {
		d.EngineVersionActual += ".5"
	}
	family := "postgres" + postgresMajor(d.EngineVersion)
	d.ParameterGroupName = cmp.Or(d.ParameterGroupName, "default."+family)
	if d.ParameterGroupName == "default."+family {
		return nil
	}
	g := m.DBParameterGroups[d.ParameterGroupName]
	switch {
	case g == nil:
		return refuseStatus(404, "DBParameterGroupNotFound", "DBParameterGroup not found: %s", d.ParameterGroupName)
	case g.Family != family:
		return refuse("InvalidParameterCombination", "The parameter group %s with DBParameterGroupFamily %s can't be used for this instance. Please use a parameter group with DBParameterGroupFamily %s", g.Name, g.Family, family)
	}
	return nil
}

// postgresMajor is the version of PostgreSQL without its minor part.
func postgresMajor(version string) string {
	before, _, _ := strings.Cut(version, ".")
	return before
}

func (d *DBInstance) checkStorage(*model) error {
	d.StorageType, d.Port = cmp.Or(d.StorageType, "gp2"), cmp.Or(d.Port, 5432)
	switch {
	case d.StorageType != "gp2" && d.StorageType != "gp3":
		return refuse("InvalidParameterValue", "The simulator models storage of type gp2 and gp3, not %q.", d.StorageType)
	case d.Port < 1150 || d.Port > 65535:
		return refuse("InvalidParameterValue", "Invalid database port: %d. Must be between 1150 and 65535", d.Port)
	case d.AllocatedStorage < 20 || d.AllocatedStorage > 65536:
		return refuse("InvalidParameterValue", "Invalid storage size for engine name postgres and storage type %s: %d", d.StorageType, d.AllocatedStorage)
	case d.MaxAllocatedStorage != 0 && d.MaxAllocatedStorage < d.AllocatedStorage:
		return refuse("InvalidParameterCombination", "Max storage size must be greater than storage size")
	case d.BackupRetentionPeriod < 0 || d.BackupRetentionPeriod > 35:
		return refuse("InvalidParameterValue", "Invalid backup retention period: %d. Retention period must be between 0 and 35", d.BackupRetentionPeriod)
	}
	return nil
}

// checkPlace wants subnets and groups of one VPC.
func (d *DBInstance) checkPlace(m *model) error {
	g := m.DBSubnetGroups[d.DBSubnetGroupName]
	switch {
	case d.DBSubnetGroupName == "":
		return refuse("InvalidSubnet", "No default subnet detected in VPC.")
	case g == nil:
		return refuseStatus(404, "DBSubnetGroupNotFoundFault", "DB subnet group '%s' does not exist.", d.DBSubnetGroupName)
	case d.PubliclyAccessible:
		return refuse("InvalidParameterValue", "The simulator models databases without a public address.")
	}
	if len(d.VPCSecurityGroupIDs) == 0 {
		d.VPCSecurityGroupIDs = []string{m.VPCs[g.VPCID].DefaultSecurityGroupID}
	}
	for _, id := range d.VPCSecurityGroupIDs {
		switch group := m.SecurityGroups[id]; {
		case group == nil:
			return refuse("InvalidParameterValue", "Invalid security group , groupId= %s, groupName=.", id)
		case group.VPCID != g.VPCID:
			return refuse("InvalidParameterCombination", "The DB instance and EC2 security group are in different VPCs. The DB instance is in %s and the EC2 security group is in %s", g.VPCID, group.VPCID)
		}
	}
	return nil
}
