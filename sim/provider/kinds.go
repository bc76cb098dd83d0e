package provider

import (
	"maps"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

type account = cloud.Account

// kinds are the types of resources that there are. Each service has a table of
// its own.
var kinds = join(networkKinds, computeKinds, identityKinds, policyKinds, storageKinds, keysKinds, namesKinds, dataKinds, watchKinds, imagesKinds, balancingKinds)

func join(tables ...map[string]kind) map[string]kind {
	all := map[string]kind{}
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}
