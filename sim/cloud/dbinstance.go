package cloud

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// DBInstance is aws:rds/instance:Instance: PostgreSQL with a password that AWS
// manages, without a public address.
type DBInstance struct {
	ID                       string   `json:"id"` // its resource id: it stays when the instance is renamed
	Identifier               string   `json:"identifier"`
	InstanceClass            string   `json:"instanceClass"`
	Engine                   string   `json:"engine"`
	EngineVersion            string   `json:"engineVersion"`
	AllocatedStorage         int      `json:"allocatedStorage"` // GiB
	MaxAllocatedStorage      int      `json:"maxAllocatedStorage,omitempty"`
	StorageType              string   `json:"storageType"`
	StorageEncrypted         bool     `json:"storageEncrypted,omitempty"`
	DBName                   string   `json:"dbName,omitempty"`
	Username                 string   `json:"username"`
	ManageMasterUserPassword bool     `json:"manageMasterUserPassword,omitempty"`
	DBSubnetGroupName        string   `json:"dbSubnetGroupName"`
	ParameterGroupName       string   `json:"parameterGroupName"`
	VPCSecurityGroupIDs      []string `json:"vpcSecurityGroupIds"`
	Port                     int      `json:"port"`
	MultiAZ                  bool     `json:"multiAz,omitempty"`
	PubliclyAccessible       bool     `json:"publiclyAccessible,omitempty"`
	BackupRetentionPeriod    int      `json:"backupRetentionPeriod,omitempty"` // days
	AutoMinorVersionUpgrade  *bool    `json:"autoMinorVersionUpgrade"`
	CopyTagsToSnapshot       bool     `json:"copyTagsToSnapshot,omitempty"`
	DeleteAutomatedBackups   *bool    `json:"deleteAutomatedBackups"`
	DeletionProtection       bool     `json:"deletionProtection,omitempty"`
	SkipFinalSnapshot        bool     `json:"skipFinalSnapshot,omitempty"`
	FinalSnapshotIdentifier  string   `json:"finalSnapshotIdentifier,omitempty"`
	Tagged
	dbInstanceComputed
}

type dbInstanceComputed struct {
	ARN                 string         `json:"arn"`
	Address             string         `json:"address"`
	Endpoint            string         `json:"endpoint"`
	ResourceID          string         `json:"resourceId"`
	Status              string         `json:"status"`
	EngineVersionActual string         `json:"engineVersionActual"`
	MasterUserSecrets   []MasterSecret `json:"masterUserSecrets"`
}

// MasterSecret names the secret with the password of the master user. What is in it
// is told by DatabaseSecret.
type MasterSecret struct {
	SecretARN    string `json:"secretArn"`
	SecretStatus string `json:"secretStatus"`
}

// CreateDBInstance makes an instance, which is there at once.
func (a *Account) CreateDBInstance(d *DBInstance) error {
	return a.change(func(m *model) error {
		for _, other := range m.DBInstances {
			if other.Identifier == d.Identifier {
				return refuse("DBInstanceAlreadyExists", "DB instance already exists")
			}
		}
		if err := d.check(m); err != nil {
			return err
		}
		d.ID = "db-" + strings.ToUpper(hexDigits(26))
		d.ResourceID, d.Status = d.ID, "available"
		d.MasterUserSecrets = []MasterSecret{{SecretARN: a.arn("secretsmanager", "secret:rds!"+strings.ToLower(d.ID)+"-"+hexDigits(6)), SecretStatus: "active"}}
		d.name(a)
		m.DBPasswords[d.ID] = hexDigits(32)
		m.DBInstances.keep(d.ID, d)
		return nil
	})
}

// name sets what follows from the identifier.
func (d *DBInstance) name(a *Account) {
	d.ARN = a.arn("rds", "db:"+d.Identifier)
	d.Address = fmt.Sprintf("%s.%s.%s.rds.amazonaws.com", d.Identifier, strings.ToLower(d.ID[3:15]), a.opts.Region)
	d.Endpoint = fmt.Sprintf("%s:%d", d.Address, d.Port)
}

// DBInstance returns one instance.
func (a *Account) DBInstance(id string) (*DBInstance, error) { return dbInstances.lookup(a, id) }

// DBInstanceNamed is the id of the instance with that identifier, or "".
func (a *Account) DBInstanceNamed(identifier string) string {
	var id string
	_ = a.view(func(m *model) error {
		for _, d := range m.DBInstances {
			if d.Identifier == identifier {
				id = d.ID
			}
		}
		return nil
	})
	return id
}

// UpdateDBInstance changes an instance at once, whatever its maintenance window.
func (a *Account) UpdateDBInstance(id string, d *DBInstance) error {
	return dbInstances.update(a, id, d, func(m *model, cur *DBInstance) error {
		for _, other := range m.DBInstances {
			if other.Identifier == d.Identifier && other.ID != id {
				return refuse("DBInstanceAlreadyExists", "DB instance already exists")
			}
		}
		d.EngineVersion, d.Port = cmp.Or(d.EngineVersion, cur.EngineVersion), cmp.Or(d.Port, cur.Port)
		switch {
		case d.AllocatedStorage < cur.AllocatedStorage:
			return refuse("InvalidParameterCombination", "Invalid storage size for engine name postgres and storage type %s: %d. You can't reduce the amount of allocated storage.", cur.StorageType, d.AllocatedStorage)
		case postgresMajor(d.EngineVersion) != postgresMajor(cur.EngineVersion):
			return refuse("InvalidParameterCombination", "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")
		}
		d.ID, d.dbInstanceComputed = id, cur.dbInstanceComputed
		d.Engine, d.DBName, d.Username, d.StorageEncrypted = cur.Engine, cur.DBName, cur.Username, cur.StorageEncrypted
		if err := d.check(m); err != nil {
			return err
		}
		d.name(a)
		return nil
	})
}

// DeleteDBInstance refuses what is protected, and takes the final snapshot that
// was asked for.
func (a *Account) DeleteDBInstance(id string) error {
	return dbInstances.remove(a, id, func(m *model, d *DBInstance) error {
		final := d.FinalSnapshotIdentifier
		switch {
		case d.DeletionProtection:
			return refuse("InvalidParameterCombination", "Cannot delete protected DB Instance, please disable deletion protection and try again.")
		case d.SkipFinalSnapshot:
			return nil
		case final == "":
			return errors.New("final_snapshot_identifier is required when skip_final_snapshot is false")
		case m.DBSnapshots[final] != nil:
			return refuse("DBSnapshotAlreadyExists", "Cannot create the snapshot because a snapshot with the identifier %s already exists.", final)
		}
		m.DBSnapshots[final] = &d.ID
		return nil
	})
}

// DBSnapshots are the names of the snapshots that instances left behind.
func (a *Account) DBSnapshots() []string {
	var out []string
	_ = a.view(func(m *model) error {
		out = slices.Sorted(maps.Keys(m.DBSnapshots))
		return nil
	})
	return out
}
