package identity

import (
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
)

// roles lets make machines' roles under the boundary, with this environment's tags
// and at its path, and give them policies while they have the boundary. Nothing
// takes the boundary away or changes it, and workflows' roles stay as they are:
// whoever may change those may do everything, so that is an engineer's work.
func roles(n naming.Namer, boundary string) policy.Document {
	bounded := policy.Condition{"StringEquals": {"iam:PermissionsBoundary": {boundary}}}
	made := policy.Tagged("aws:RequestTag/", n.OwnTags())
	made["StringEquals"]["iam:PermissionsBoundary"] = []string{boundary}
	// A tag says whose a role is, to the boundary too: it is not given another value.
	tags := policy.Condition{"StringEqualsIfExists": policy.Tagged("aws:RequestTag/", n.OwnTags())["StringEquals"]}
	return policy.Document{
		{Sid: "MakeRoles", Action: []string{"iam:CreateRole"}, Resource: []string{n.MachineRoleARN("*")}, Condition: made},
		{Sid: "BoundedRoles", Action: boundedWrites, Resource: []string{n.MachineRoleARN("*")}, Condition: bounded},
		{Sid: "Roles", Action: roleWrites, Resource: machineRoles(n)},
		{Sid: "TagRoles", Action: []string{"iam:TagInstanceProfile", "iam:TagRole"}, Resource: machineRoles(n), Condition: tags},
		{Sid: "UntagRoles", Action: []string{"iam:UntagInstanceProfile", "iam:UntagRole"}, Resource: machineRoles(n), Condition: policy.Condition{
			"ForAllValues:StringNotEquals": {"aws:TagKeys": {naming.TagDeployment, naming.TagEnvironment}},
		}},
		{
			Sid: "HandOverRoles", Action: []string{"iam:PassRole"}, Resource: []string{n.MachineRoleARN("*")},
			Condition: policy.Condition{"StringEquals": {"iam:PassedToService": {"ec2.amazonaws.com"}}},
		},
		{Sid: "NeverWithoutBoundary", Deny: true, Action: []string{"iam:DeleteRolePermissionsBoundary"}, Resource: []string{"*"}},
		{Sid: "NeverTheBoundary", Deny: true, Action: policyWrites, Resource: []string{boundary}},
		{Sid: "NeverItself", Deny: true, Action: itselfWrites, Resource: workflowRoles(n)},
	}
}

// machineRoles are the roles and instance profiles of this environment's
// machines, of pools that are still to come, too. Their path is nobody else's.
func machineRoles(n naming.Namer) []string {
	return []string{n.MachineRoleARN("*"), "arn:aws:iam::" + n.AccountID + ":instance-profile" + n.IAMPath() + "*"}
}

// workflowRoles are the roles that this package declares, apart from machines'.
func workflowRoles(n naming.Namer) []string {
	var out []string
	for _, what := range []string{"preview", "drift", "deploy", "e2e"} {
		out = append(out, n.RoleARN(n.IAM(what, naming.MaxRole)))
	}
	return out
}
