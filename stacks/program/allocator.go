package program

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/infra/pool"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// allocatorSettings renders what the stack decided as the allocator reads it.
// There is nothing secret in it: secrets are named, not held.
func (e *environment) allocatorSettings() pulumi.StringOutput {
	var inputs []any
	for _, p := range e.pools {
		inputs = append(inputs, p.LaunchTemplateID)
	}
	for _, id := range e.clientSubnetIDs() {
		inputs = append(inputs, id)
	}
	return pulumi.All(inputs...).ApplyT(func(all []any) (string, error) {
		ids := make([]string, len(all))
		for i, id := range all {
			ids[i] = id.(string)
		}
		raw, err := json.Marshal(e.plainSettings(ids[:len(e.pools)], ids[len(e.pools):]))
		if err != nil {
			return "", fmt.Errorf("render the allocator's settings: %w", err)
		}
		return string(raw), nil
	}).(pulumi.StringOutput)
}

func (e *environment) plainSettings(templates, subnets []string) deployed.Settings {
	out := deployed.Settings{
		Deployment: e.n.Deployment, Environment: e.n.Environment, Region: e.n.Region, AccountID: e.n.AccountID,
		Audience:               api.Audience(e.n.Deployment, e.n.Environment),
		AdminPasswordParameter: e.n.ParameterPath(adminPasswordName),
		TLS:                    deployed.TLS{Mode: e.s.TLS.Mode, Domain: e.s.DNS.Domain, Email: e.s.TLS.Email, Staging: e.s.TLS.Staging},
	}
	if e.s.TLS.Mode == settings.None {
		out.TLS.Domain = ""
	}
	for i, p := range e.s.Pools {
		out.Pools = append(out.Pools, deployed.Pool{
			Name: p.Name, LaunchTemplateID: templates[i], InstanceTypes: p.InstanceTypes, SubnetIDs: subnets,
			MaxMachines: p.MaxMachines, Role: pool.RoleName(e.n, p.Name),
		})
	}
	return out
}
