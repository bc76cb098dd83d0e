package cloud_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func TestARuleThatCannotBeIsRefused(t *testing.T) {
	w := newWorld(t)
	group := w.group(t, "g")
	n := func(p int) *int { return &p }
	w.allow(t, group, false, 80, anywhere)
	for _, c := range []struct {
		name, code string
		rule       cloud.SecurityGroupRule
	}{
		{"no peer", "InvalidParameterCombination", cloud.SecurityGroupRule{IPProtocol: "-1"}},
		{"two peers", "InvalidParameterCombination", cloud.SecurityGroupRule{IPProtocol: "-1", CidrIPv4: anywhere, ReferencedSecurityGroupID: group}},
		{"a range that does not begin at its first address", "InvalidParameterValue", cloud.SecurityGroupRule{IPProtocol: "-1", CidrIPv4: "10.0.0.1/8"}},
		{"ports for everything", "InvalidParameterCombination", cloud.SecurityGroupRule{IPProtocol: "-1", FromPort: n(1), ToPort: n(1), CidrIPv4: anywhere}},
		{"no ports for TCP", "InvalidParameterValue", cloud.SecurityGroupRule{IPProtocol: "tcp", CidrIPv4: anywhere}},
		{"ports the wrong way round", "InvalidParameterValue", cloud.SecurityGroupRule{IPProtocol: "tcp", FromPort: n(2), ToPort: n(1), CidrIPv4: anywhere}},
		{"a port too high", "InvalidParameterValue", cloud.SecurityGroupRule{IPProtocol: "tcp", FromPort: n(1), ToPort: n(65536), CidrIPv4: anywhere}},
		{"a protocol that is not modelled", "InvalidParameterValue", cloud.SecurityGroupRule{IPProtocol: "icmp", CidrIPv4: anywhere}},
		{"a description outside ASCII", "InvalidParameterValue", cloud.SecurityGroupRule{IPProtocol: "-1", CidrIPv4: anywhere, Description: "für alle"}},
		{"the same rule again", "InvalidPermission.Duplicate", cloud.SecurityGroupRule{IPProtocol: "tcp", FromPort: n(80), ToPort: n(80), CidrIPv4: anywhere}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.rule.SecurityGroupID = group
			refused(t, c.code, w.CreateSecurityGroupRule(&c.rule, false))
		})
	}
}

func TestAGroupHoldsSixtyRulesInADirection(t *testing.T) {
	w := newWorld(t)
	group := w.group(t, "g")
	for n := range 60 {
		w.allow(t, group, false, 0, fmt.Sprintf("10.%d.0.0/16", n))
	}
	refused(t, "RulesPerSecurityGroupLimitExceeded", w.CreateSecurityGroupRule(&cloud.SecurityGroupRule{SecurityGroupID: group, IPProtocol: "-1", CidrIPv4: anywhere}, false))
	w.allow(t, group, true, 0, anywhere)
}

func TestAnUpdateOfARuleKeepsItsGroupAndDirection(t *testing.T) {
	w := newWorld(t)
	group, other := w.group(t, "g"), w.group(t, "h")
	id := w.allow(t, group, true, 80, anywhere)
	port := 443
	require.NoError(t, w.UpdateSecurityGroupRule(id, &cloud.SecurityGroupRule{SecurityGroupID: other, IPProtocol: "tcp", FromPort: &port, ToPort: &port, CidrIPv4: anywhere}))
	r, err := w.SecurityGroupRule(id, true)
	require.NoError(t, err)
	require.Equal(t, group, r.SecurityGroupID)
	require.Equal(t, 443, *r.FromPort)
}
