package provider

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// keysKinds are the types about parameters and keys.
var keysKinds = map[string]kind{
	"aws:ssm/parameter:Parameter": define(ssm.ParameterArgs{}, ssm.Parameter{},
		traits{Replace: []string{"name"}, Name: autoname{Property: "name"}, Secret: []string{"value"}, Changes: []string{"version"}},
		operations[cloud.Parameter]{(*account).CreateParameter, (*account).Parameter, (*account).UpdateParameter, (*account).DeleteParameter}),
	"aws:kms/key:Key": define(kms.KeyArgs{}, kms.Key{}, traits{},
		operations[cloud.Key]{(*account).CreateKey, (*account).Key, (*account).UpdateKey, (*account).DeleteKey}),
	"aws:kms/alias:Alias": define(kms.AliasArgs{}, kms.Alias{}, traits{Replace: []string{"name"}, Name: autoname{Property: "name", Max: 238}},
		operations[cloud.Alias]{(*account).CreateAlias, (*account).Alias, (*account).UpdateAlias, (*account).DeleteAlias}),
}
