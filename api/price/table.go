package price

import "maps"

// table is by Region. Northern Virginia and Oregon have the same prices.
var table = map[string]map[Thing]Price{
	"us-east-1":    region(america, americanInstances, americanDatabases),
	"us-west-2":    region(america, americanInstances, americanDatabases),
	"eu-central-1": region(frankfurt, frankfurtInstances, frankfurtDatabases),
}

var america = map[Thing]Price{
	Volume: {0.08, GiBMonth}, Snapshot: {0.05, GiBMonth}, PublicAddress: {0.005, Hour},
	LoadBalancer: {0.0225, Hour}, LoadUnit: {0.008, Hour}, NAT: {0.045, Hour}, NATTraffic: {0.045, GB}, Traffic: {0.09, GB},
	DatabaseVolume: {0.115, GiBMonth}, Bucket: {0.023, GiBMonth},
	Key: {1, Month}, Secret: {0.40, Month}, Alarm: {0.10, Month}, Dashboard: {3, Month},
}

var frankfurt = map[Thing]Price{
	Volume: {0.0952, GiBMonth}, Snapshot: {0.054, GiBMonth}, PublicAddress: {0.005, Hour},
	LoadBalancer: {0.027, Hour}, LoadUnit: {0.008, Hour}, NAT: {0.052, Hour}, NATTraffic: {0.052, GB}, Traffic: {0.09, GB},
	DatabaseVolume: {0.137, GiBMonth}, Bucket: {0.0245, GiBMonth},
	Key: {1, Month}, Secret: {0.40, Month}, Alarm: {0.10, Month}, Dashboard: {3, Month},
}

// region joins the prices of a Region. Instances and databases are by the hour.
func region(things map[Thing]Price, instances, databases map[string]float64) map[Thing]Price {
	all := maps.Clone(things)
	for kind, usd := range instances {
		all[Instance(kind)] = Price{usd, Hour}
	}
	for class, usd := range databases {
		all[Database(class)] = Price{usd, Hour}
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
