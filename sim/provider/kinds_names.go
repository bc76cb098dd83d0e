package provider

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// namesKinds are the types about DNS.
var namesKinds = map[string]kind{
	"aws:route53/record:Record": define(route53.RecordArgs{}, route53.Record{}, traits{Replace: []string{"zoneId", "name"}},
		operations[cloud.Record]{(*account).CreateRecord, (*account).Record, (*account).UpdateRecord, (*account).DeleteRecord}),
}
