package cloud

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Product is an item of AWS's price list: what is sold, and what for.
type Product struct {
	Service    string
	Family     string            // "" for what belongs to none
	Attributes map[string]string // "regionCode", "usagetype" and what else the list has
	Unit       string
	Tiers      []Tier
}

// Tier is a price from an amount of usage on.
type Tier struct {
	Begin int
	USD   float64
}

// SKU tells products apart.
func (p Product) SKU() string {
	sum := sha256.Sum256([]byte(fmt.Sprint(p.Service, p.Family, p.Attributes)))
	return strings.ToUpper(hex.EncodeToString(sum[:8]))
}

// Attribute is one of the product's, its family included.
func (p Product) Attribute(name string) (string, bool) {
	if name == "productFamily" {
		return p.Family, p.Family != ""
	}
	v, ok := p.Attributes[name]
	return v, ok
}

// Products are the part of AWS's price list that is known here: of this account's
// Region, and what costs the same everywhere.
func (a *Account) Products() []Product {
	out := make([]Product, 0, len(products))
	for _, row := range products {
		out = append(out, row.in(a.opts.Region))
	}
	for _, t := range slices.Concat(instanceTypes, a.opts.Seed.InstanceTypes) {
		if t.HourlyUSD > 0 {
			out = append(out, sold(t, a.opts.Region)...)
		}
	}
	return out
}

// sold are the ways in which an instance is sold: on demand, as capacity that is
// kept and paid for while nothing runs, on hardware of one's own, and with Windows.
func sold(t InstanceType, region string) []Product {
	var out []Product
	for _, way := range []struct {
		usage, operation, system, tenancy, status string
		times                                     float64
	}{
		{"BoxUsage", "RunInstances", "Linux", "Shared", "Used", 1},
		{"UnusedBox", "RunInstances", "Linux", "Shared", "UnusedCapacityReservation", 1},
		{"Reservation", "RunInstances", "Linux", "Shared", "AllocatedCapacityReservation", 0},
		{"DedicatedUsage", "RunInstances", "Linux", "Dedicated", "Used", 1.1},
		{"BoxUsage", "RunInstances:0002", "Windows", "Shared", "Used", 1.5},
	} {
		row := listed{"AmazonEC2", "Compute Instance", way.usage + ":" + t.Name, "Hrs", []Tier{{0, t.HourlyUSD * way.times}}, map[string]string{
			"instanceType": t.Name, "operatingSystem": way.system, "tenancy": way.tenancy, "capacitystatus": way.status, "operation": way.operation,
			"preInstalledSw": "NA", "licenseModel": "No License required", "marketoption": "OnDemand",
		}}
		out = append(out, row.in(region))
	}
	return out
}

// usagePrefix stands before usage types, by Region.
var usagePrefix = map[string]string{"us-east-1": "", "us-west-2": "USW2-", "eu-central-1": "EUC1-", "eu-west-1": "EU-"}

// in is the row in a Region.
func (l listed) in(region string) Product {
	p := Product{Service: l.service, Family: l.family, Unit: l.unit, Tiers: l.tiers, Attributes: map[string]string{
		"servicecode": l.service, "usagetype": l.prefix(region) + l.usage,
	}}
	maps.Copy(p.Attributes, l.attributes)
	if where := l.where(); where != "" {
		p.Attributes[where] = region
	}
	return p
}

// where is the attribute that names the Region; "" of what costs the same
// everywhere.
func (l listed) where() string {
	switch {
	case l.service == "AWSDataTransfer":
		return "fromRegionCode"
	case l.service == "AmazonRoute53" || l.family == "Dashboard":
		return ""
	}
	return "regionCode"
}

// prefix stands before the usage type.
func (l listed) prefix(region string) string {
	switch {
	case l.where() == "" || strings.HasPrefix(l.usage, "Global-"):
		return ""
	case l.service == "awskms":
		return region + "-"
	}
	return usagePrefix[region]
}
