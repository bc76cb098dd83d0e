package program_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/identity"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// IAM's quotas, in characters that are no white space: of a managed policy, of all
// inline policies of a role, and of what says who may assume it.
const (
	managedSize = 6144
	inlineSize  = 10240
	trustSize   = 2048
	// recordedIDs is by how much what is recorded may be shorter than on AWS: the ids
	// of subnets and groups, and the name of a secret.
	recordedIDs = 128
)

// The longest names that settings and AWS take.
var (
	longDeployment  = "a-deployment-of-20-c"
	longEnvironment = "an-env-of-16-cha"
	longRegion      = "ap-southeast-1"
	longDomain      = strings.Repeat("a-label-of-20-charsx.", 11) + "example.org"
)

// How many settings take.
const (
	mostSubnets = 12
	mostPools   = 20
)

// longest makes everything that is part of a policy as long as it may be, with as
// many subnets of an existing VPC, and pools.
func longest(t *testing.T, config map[string]string, subnets, many int) {
	t.Helper()
	config["aws:region"], config["lablink:deployment"] = longRegion, longDeployment
	config["lablink:github"] = fmt.Sprintf(`{"repository": "%s/%s", "repositoryId": "1234567890", "ownerId": "1234567890"}`, strings.Repeat("o", 39), strings.Repeat("r", 100))
	config["lablink:alarms"] = `{"emails": ["lab@example.org"]}`
	change := func(key string, do func(map[string]any)) {
		var value map[string]any
		if json.Unmarshal([]byte(config[key]), &value) == nil {
			do(value)
			raw, err := json.Marshal(value)
			require.NoError(t, err)
			config[key] = string(raw)
		}
	}
	change("lablink:dns", func(dns map[string]any) {
		if dns["domain"] != nil {
			dns["domain"] = longDomain
		}
	})
	change("lablink:network", func(network map[string]any) {
		if network["subnetIds"] != nil {
			var ids []string
			for i := range subnets {
				ids = append(ids, fmt.Sprintf("subnet-0123456789abcde%02d", i))
			}
			network["subnetIds"] = ids
		}
		if network["zones"] != nil {
			network["zones"] = []string{longRegion + "a", longRegion + "b"}
		}
	})
	var pools []map[string]any
	require.NoError(t, json.Unmarshal([]byte(config["lablink:pools"]), &pools))
	if config["lablink:kind"] != "account" {
		for len(pools) < many {
			pools = append(pools, map[string]any{"name": "", "instanceTypes": pools[0]["instanceTypes"], "image": pools[0]["image"], "maxMachines": 1})
		}
		for i, p := range pools {
			p["name"], p["market"] = fmt.Sprintf("a-pool-of-20-chars%02d", i), "spot-then-on-demand"
			if config["lablink:environmentClass"] != settings.Production { // which pins images
				p["image"] = map[string]any{"ssmParameter": fmt.Sprintf("/%0127d", i)}
			}
		}
	}
	raw, err := json.Marshal(pools)
	require.NoError(t, err)
	config["lablink:pools"] = string(raw)
}

// longShapes are all that stacks look like, with the longest names: by themselves,
// and with an account's stack.
func longShapes(t *testing.T) map[string]*recording.Recording {
	t.Helper()
	configs := map[string]map[string]string{}
	for _, stack := range stacks {
		config, err := recording.StackFile("../..", stack)
		require.NoError(t, err)
		configs[stack] = config
	}
	for _, name := range templates(t) {
		configs[name] = templateOf(t, name).config
	}
	configs["prod"]["lablink:environmentClass"] = "production"
	out := map[string]*recording.Recording{}
	for name, config := range configs {
		longest(t, config, mostSubnets, mostPools)
		for account, reads := range map[string]string{"by itself": `{"id": "123456789012"}`, "in its account": `{"id": "123456789012", "stack": "organization/lablink/account"}`} {
			if config["lablink:kind"] == "account" {
				reads = `{"id": "123456789012"}`
			}
			r := newRun(t, longEnvironment, config).set(map[string]string{"lablink:account": reads})
			r.account.Stacks = map[string]map[string]any{"organization/lablink/account": longAccount()}
			recorded, err := r.do(recording.Preview)
			require.NoError(t, err, name)
			out[name+", "+account] = recorded
		}
	}
	return out
}

// longAccount are the outputs of an account's stack with the longest names.
func longAccount() map[string]any {
	n := naming.Namer{Deployment: longDeployment, Environment: longEnvironment, AccountID: "123456789012", Region: longRegion}
	out := accountOutputs()
	out["stateBucket"], out["artifactBucket"] = n.Bucket("state"), n.Bucket("artifacts-x")
	out["stateKmsKeyArn"] = n.ARN("kms", "key/01234567-89ab-cdef-0123-456789abcdef")
	out["permissionsBoundaryArn"] = "arn:aws:iam::123456789012:policy/" + identity.BoundaryName(n)
	return out
}

func TestEveryPolicyFitsIntoIAMWithTheLongestNames(t *testing.T) {
	for name, r := range longShapes(t) {
		for _, p := range r.Of(managed) {
			assert.LessOrEqual(t, size(p.Text("policy")), managedSize, "%s: %s", name, p.Name)
		}
		inline := map[string]int{}
		for _, p := range r.Of(rolePolicy) {
			inline[p.Text("role")] += size(p.Text("policy"))
		}
		for role, size := range inline {
			assert.LessOrEqual(t, size+recordedIDs, inlineSize, "%s: %s", name, role)
		}
		for _, p := range r.Of(role) {
			assert.LessOrEqual(t, size(p.Text("assumeRolePolicy")), trustSize, "%s: %s", name, p.Name)
		}
	}
}

func TestSettingsTakeNoMoreThanFitsIntoPolicies(t *testing.T) {
	for _, many := range [][2]int{{mostSubnets + 1, mostPools}, {mostSubnets, mostPools + 1}} {
		config := templateOf(t, "existing-vpc").config
		longest(t, config, many[0], many[1])
		_, err := settings.Load(longEnvironment, config)
		assert.ErrorContains(t, err, "has 1 problem", "%d subnets and %d pools", many[0], many[1])
	}
}

func size(policy string) int { return len(strings.Join(strings.Fields(policy), "")) }
