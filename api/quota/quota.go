// Package quota says which of EC2's quotas count the processors of which instance types.
package quota

import (
	"slices"
	"strings"
)

// Class are the families of instance types that share EC2's quotas for vCPUs, which
// differ by market.
type Class struct {
	Name           string
	OnDemand, Spot string   // codes of quotas
	families       []string // what stands before the digits of a type
}

// Classes are those that desktops and hosts run on
// (https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html).
var Classes = []Class{
	{"G and VT", "L-DB2E81BA", "L-3819A6DF", []string{"g", "gr", "vt"}},
	{"P", "L-417A185B", "L-7212CCBC", []string{"p"}},
	{"standard", "L-1216C47A", "L-34B43A08", []string{"a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"}},
}

// ClassOf is the class of a type; nil for one that no class here counts.
func ClassOf(instanceType string) *Class {
	family := instanceType[:max(0, strings.IndexAny(instanceType, "0123456789"))]
	i := slices.IndexFunc(Classes, func(c Class) bool { return slices.Contains(c.families, family) })
	if i < 0 {
		return nil
	}
	return &Classes[i]
}
