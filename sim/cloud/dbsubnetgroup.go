package cloud

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// DBSubnetGroup is aws:rds/subnetGroup:SubnetGroup.
type DBSubnetGroup struct {
	ID          string   `json:"id"` // its name
	Name        string   `json:"name"`
	Description string   `json:"description"`
	SubnetIDs   []string `json:"subnetIds"`
	Tagged
	dbSubnetGroupComputed
}

type dbSubnetGroupComputed struct {
	ARN                   string   `json:"arn"`
	VPCID                 string   `json:"vpcId"`
	SupportedNetworkTypes []string `json:"supportedNetworkTypes"`
}

var dbSubnetGroupName = regexp.MustCompile(`^[0-9a-z_ .-]{1,255}$`)

// CreateDBSubnetGroup makes a group of subnets in two zones at least.
func (a *Account) CreateDBSubnetGroup(g *DBSubnetGroup) error {
	return a.change(func(m *model) error {
		if !dbSubnetGroupName.MatchString(g.Name) || g.Name == "default" {
			return refuse("InvalidParameterValue", "The parameter DBSubnetGroupName is not a valid identifier: %q", g.Name)
		}
		if m.DBSubnetGroups[g.Name] != nil {
			return refuse("DBSubnetGroupAlreadyExists", "The DB subnet group '%s' already exists.", g.Name)
		}
		g.ARN = a.arn("rds", "subgrp:"+g.Name)
		if err := g.check(m); err != nil {
			return err
		}
		g.ID = g.Name
		m.DBSubnetGroups.keep(g.ID, g)
		return nil
	})
}

func (g *DBSubnetGroup) check(m *model) error {
	var zones []string
	g.VPCID = ""
	for _, id := range g.SubnetIDs {
		s := m.Subnets[id]
		if s == nil || g.VPCID != "" && s.VPCID != g.VPCID {
			return refuse("InvalidSubnet", "Some input subnets in :[%s] are invalid.", id)
		}
		g.VPCID = s.VPCID
		if !slices.Contains(zones, s.AvailabilityZone) {
			zones = append(zones, s.AvailabilityZone)
		}
	}
	if len(zones) < 2 {
		return refuse("DBSubnetGroupDoesNotCoverEnoughAZs", "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: %s. Add subnets to cover at least 2 AZs.", strings.Join(zones, ", "))
	}
	if len(g.SubnetIDs) > 20 {
		return refuse("DBSubnetQuotaExceededFault", "The request would result in the user exceeding the allowed number of subnets in a DB subnet group.")
	}
	g.Description, g.SupportedNetworkTypes = cmp.Or(g.Description, "Managed by Pulumi"), []string{"IPV4"}
	return g.settle()
}

// DBSubnetGroup returns one group.
func (a *Account) DBSubnetGroup(name string) (*DBSubnetGroup, error) {
	return dbSubnetGroups.lookup(a, name)
}

// UpdateDBSubnetGroup changes the subnets; those that a database stands in stay.
func (a *Account) UpdateDBSubnetGroup(name string, g *DBSubnetGroup) error {
	return dbSubnetGroups.update(a, name, g, func(m *model, cur *DBSubnetGroup) error {
		g.ID, g.Name, g.ARN = cur.ID, cur.Name, cur.ARN
		for _, id := range cur.SubnetIDs {
			if !slices.Contains(g.SubnetIDs, id) && m.databaseIn(id) {
				return refuse("SubnetAlreadyInUse", "The subnet %s is in use by a DB instance.", id)
			}
		}
		return g.check(m)
	})
}

// DeleteDBSubnetGroup refuses while an instance uses the group.
func (a *Account) DeleteDBSubnetGroup(name string) error {
	return dbSubnetGroups.remove(a, name, func(m *model, _ *DBSubnetGroup) error {
		for _, d := range m.DBInstances {
			if d.DBSubnetGroupName == name {
				return refuse("InvalidDBSubnetGroupStateFault", "Cannot delete the subnet group '%s' because at least one database instance: %s is still using it.", name, d.Identifier)
			}
		}
		return nil
	})
}

// databaseIn reports whether a database has an interface in a subnet. One in
// each subnet of its group is assumed, as RDS may move there at any time.
func (m *model) databaseIn(subnet string) bool {
	for _, d := range m.DBInstances {
		if g := m.DBSubnetGroups[d.DBSubnetGroupName]; g != nil && slices.Contains(g.SubnetIDs, subnet) {
			return true
		}
	}
	return false
}
