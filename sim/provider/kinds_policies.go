package provider

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// policyKinds are the types about managed policies and the roles of services.
var policyKinds = map[string]kind{
	"aws:iam/policy:Policy": define(iam.PolicyArgs{}, iam.Policy{}, traits{Replace: []string{"name", "path", "description"}, Name: autoname{Property: "name"}},
		operations[cloud.Policy]{(*account).CreatePolicy, (*account).Policy, (*account).UpdatePolicy, (*account).DeletePolicy}),
	"aws:iam/rolePolicyAttachment:RolePolicyAttachment": define(iam.RolePolicyAttachmentArgs{}, iam.RolePolicyAttachment{}, traits{DeleteFirst: true},
		operations[cloud.RolePolicyAttachment]{(*account).AttachRolePolicy, (*account).RolePolicyAttachment, nil, (*account).DetachRolePolicy}),
	"aws:iam/serviceLinkedRole:ServiceLinkedRole": define(iam.ServiceLinkedRoleArgs{}, iam.ServiceLinkedRole{}, traits{Replace: []string{"awsServiceName"}},
		operations[cloud.ServiceLinkedRole]{(*account).CreateServiceLinkedRole, (*account).ServiceLinkedRole, (*account).UpdateServiceLinkedRole, (*account).DeleteServiceLinkedRole}),
}
