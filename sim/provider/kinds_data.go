package provider

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dlm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// dataKinds are the types about databases and backups.
var dataKinds = map[string]kind{
	"aws:rds/subnetGroup:SubnetGroup": define(rds.SubnetGroupArgs{}, rds.SubnetGroup{}, traits{Replace: []string{"name"}, Name: autoname{Property: "name"}},
		operations[cloud.DBSubnetGroup]{(*account).CreateDBSubnetGroup, (*account).DBSubnetGroup, (*account).UpdateDBSubnetGroup, (*account).DeleteDBSubnetGroup}),
	"aws:rds/parameterGroup:ParameterGroup": define(rds.ParameterGroupArgs{}, rds.ParameterGroup{},
		traits{Replace: []string{"name", "family", "description"}, Name: autoname{Property: "name"}},
		operations[cloud.DBParameterGroup]{(*account).CreateDBParameterGroup, (*account).DBParameterGroup, (*account).UpdateDBParameterGroup, (*account).DeleteDBParameterGroup}),
	"aws:rds/instance:Instance": define(rds.InstanceArgs{}, rds.Instance{}, traits{
		Replace: []string{"dbName", "engine", "storageEncrypted", "username"}, Name: autoname{Property: "identifier", Joined: true},
		ImportID: databaseID,
	}, operations[cloud.DBInstance]{(*account).CreateDBInstance, (*account).DBInstance, (*account).UpdateDBInstance, (*account).DeleteDBInstance}),
	"aws:dlm/lifecyclePolicy:LifecyclePolicy": define(dlm.LifecyclePolicyArgs{}, dlm.LifecyclePolicy{}, traits{Replace: copyTags()},
		operations[cloud.LifecyclePolicy]{(*account).CreateLifecyclePolicy, (*account).LifecyclePolicy, (*account).UpdateLifecyclePolicy, (*account).DeleteLifecyclePolicy}),
}

// copyTags is that input of each of the four schedules that a policy can have.
func copyTags() []string {
	var out []string
	for i := range 4 {
		out = append(out, fmt.Sprintf("policyDetails.schedules[%d].copyTags", i))
	}
	return out
}

// databaseID reads an instance's identifier.
func databaseID(a *account, id string) string {
	if found := a.DBInstanceNamed(id); found != "" {
		return found
	}
	return id
}
