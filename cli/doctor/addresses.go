package doctor

import (
	"context"

	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// addresses is the code of the quota for elastic addresses.
const addresses = "L-0263D0A3"

// ofAddresses compares the quota of elastic addresses with those that there are and
// those that the stack still makes.
func (d *Doctor) ofAddresses(ctx context.Context) []Finding {
	const check = "quota elastic IPs"
	if !d.Stack.environment() {
		return nil
	}
	s := d.Stack.Settings
	more := 0
	if s.Allocator.Address != settings.Dynamic && s.Allocator.Replicas == 1 {
		more++
	}
	if s.Network.NAT {
		more++
	}
	there, err := d.Account.Addresses(ctx)
	if err != nil {
		return []Finding{unknown(check, err)}
	}
	for _, tags := range there {
		if tags["lablink:deployment"] == s.Deployment && tags["lablink:environment"] == s.Environment {
			more--
		}
	}
	more = max(0, more)
	value, err := d.Account.Quota(ctx, addresses)
	switch {
	case err != nil:
		return []Finding{unknown(check, err)}
	case float64(len(there)+more) > value:
		return []Finding{wrong(check, d.raise(addresses, len(there)+more)+", or release one that nobody uses", "%.0f, of which %d are taken, and the stack makes %d more", value, len(there), more)}
	}
	return []Finding{ok(check, "%.0f, of which %d are taken; the stack makes %d more", value, len(there), more)}
}
