package price

import (
	"context"
	"maps"
	"slices"
)

// Date is when the table was written down.
const Date = "June 2025"

// TableOrigin is where the prices of the table come from.
const TableOrigin Origin = "LabLink's table of " + Date

// Table is the source that is written down here: AWS's public price list of Date.
type Table struct{}

var _ Source = Table{}

// Prices are those that the table has. It refuses nothing.
func (Table) Prices(_ context.Context, region string, things []Thing) (map[Thing]Price, error) {
	out := map[Thing]Price{}
	for _, t := range things {
		if p, ok := table[region][t]; ok {
			p.From = TableOrigin
			out[t] = p
		}
	}
	return out, nil
}

// Regions are those that the table has, the others' prices are not known to it.
func (Table) Regions() []string { return slices.Sorted(maps.Keys(table)) }

// Things are those that the table has in a Region.
func (Table) Things(region string) []Thing { return slices.Sorted(maps.Keys(table[region])) }

// table is by Region. Northern Virginia and Oregon have the same prices.
var table = map[string]map[Thing]Price{
	"us-east-1":    region(america, americanInstances, americanDatabases),
	"us-west-2":    region(america, americanInstances, americanDatabases),
	"eu-central-1": region(frankfurt, frankfurtInstances, frankfurtDatabases),
}

var america = map[Thing]Price{
	Volume: {USD: 0.08, Per: GiBMonth}, IOPS: {USD: 0.005, Per: Month}, Throughput: {USD: 0.04, Per: Month}, Snapshot: {USD: 0.05, Per: GiBMonth},
	PublicAddress: {USD: 0.005, Per: Hour}, LoadBalancer: {USD: 0.0225, Per: Hour}, LoadUnit: {USD: 0.008, Per: Hour},
	NAT: {USD: 0.045, Per: Hour}, NATTraffic: {USD: 0.045, Per: GB}, Traffic: {USD: 0.09, Per: GB}, ZoneTraffic: {USD: 0.01, Per: GB},
	DatabaseVolume: {USD: 0.115, Per: GiBMonth}, Bucket: {USD: 0.023, Per: GiBMonth}, Zone: {USD: 0.50, Per: Month}, Queries: {USD: 0.40, Per: Million},
	Key: {USD: 1, Per: Month}, Secret: {USD: 0.40, Per: Month}, Alarm: {USD: 0.10, Per: Month}, Dashboard: {USD: 3, Per: Month},
}

var frankfurt = map[Thing]Price{
	Volume: {USD: 0.0952, Per: GiBMonth}, IOPS: {USD: 0.006, Per: Month}, Throughput: {USD: 0.048, Per: Month}, Snapshot: {USD: 0.054, Per: GiBMonth},
	PublicAddress: {USD: 0.005, Per: Hour}, LoadBalancer: {USD: 0.027, Per: Hour}, LoadUnit: {USD: 0.008, Per: Hour},
	NAT: {USD: 0.052, Per: Hour}, NATTraffic: {USD: 0.052, Per: GB}, Traffic: {USD: 0.09, Per: GB}, ZoneTraffic: {USD: 0.01, Per: GB},
	DatabaseVolume: {USD: 0.137, Per: GiBMonth}, Bucket: {USD: 0.0245, Per: GiBMonth}, Zone: {USD: 0.50, Per: Month}, Queries: {USD: 0.40, Per: Million},
	Key: {USD: 1, Per: Month}, Secret: {USD: 0.40, Per: Month}, Alarm: {USD: 0.10, Per: Month}, Dashboard: {USD: 3, Per: Month},
}

// region joins the prices of a Region. Instances and databases are by the hour.
func region(things map[Thing]Price, instances, databases map[string]float64) map[Thing]Price {
	all := maps.Clone(things)
	for kind, usd := range instances {
		all[Instance(kind)] = Price{USD: usd, Per: Hour}
	}
	for class, usd := range databases {
		all[Database(class)] = Price{USD: usd, Per: Hour}
	}
	return all
}

var americanDatabases = map[string]float64{
	"db.t4g.micro": 0.016, "db.t4g.small": 0.032, "db.t4g.medium": 0.065, "db.t4g.large": 0.129,
	"db.t3.micro": 0.018, "db.t3.small": 0.036, "db.t3.medium": 0.072, "db.t3.large": 0.145,
	"db.m6g.large": 0.159, "db.m6g.xlarge": 0.318,
}

var frankfurtDatabases = map[string]float64{
	"db.t4g.micro": 0.019, "db.t4g.small": 0.037, "db.t4g.medium": 0.075,
}
