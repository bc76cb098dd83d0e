package price

import (
	"maps"
	"slices"
)

// Date is when the table was written down.
const Date = "June 2025"

// Source says where the prices come from, for people.
const Source = "AWS's public price list as of " + Date + " (on-demand, Linux, USD, without tax), written down in LabLink"

// HoursPerMonth is how many hours AWS reckons a month to have.
const HoursPerMonth = 730

// Unit is what a price is for.
type Unit string

// What prices are for.
const (
	Hour     Unit = "hour"      // of one thing
	Month    Unit = "month"     // of one thing
	GiBMonth Unit = "GiB-month" // of storage
	GB       Unit = "GB"        // of traffic
)

// Price is in US dollars.
type Price struct {
	USD float64
	Per Unit
}

// Monthly is what n of what is priced cost in a month: n things, or GiB. Traffic
// is not by the month.
func (p Price) Monthly(n float64) (usd float64, ok bool) {
	switch p.Per {
	case Hour:
		return p.USD * n * HoursPerMonth, true
	case Month, GiBMonth:
		return p.USD * n, true
	case GB:
	}
	return 0, false
}

// Thing is what has a price.
type Thing string

// Things that have no kinds.
const (
	Volume         Thing = "gp3 volume"          // per GiB
	Snapshot       Thing = "snapshot"            // per GiB that changed since the one before
	PublicAddress  Thing = "public IPv4 address" // whether it is used or not
	LoadBalancer   Thing = "load balancer"       // without what it handles
	LoadUnit       Thing = "load balancer unit"  // LCU: what the busiest hour needs
	NAT            Thing = "NAT gateway"         // without what it handles
	NATTraffic     Thing = "NAT traffic"         // in either direction
	Traffic        Thing = "traffic to internet" // beyond the first 100 GB of a month
	DatabaseVolume Thing = "database storage"    // gp3, per GiB, one zone
	Bucket         Thing = "S3 storage"          // per GiB
	Key            Thing = "KMS key"             //
	Secret         Thing = "secret"              // of Secrets Manager
	Alarm          Thing = "alarm"               // of one metric, by the minute or slower
	Dashboard      Thing = "dashboard (the first three of an account are free)"
)

// Instance is an EC2 instance of a type, for example "t4g.small".
func Instance(kind string) Thing { return Thing("instance " + kind) }

// Database is an RDS instance for PostgreSQL of a class, for example
// "db.t4g.micro", in one zone; with a standby it costs twice as much.
func Database(class string) Thing { return Thing("database " + class) }

// In is what a thing costs in a Region. It is not ok where that is not known.
func In(region string, thing Thing) (Price, bool) {
	p, ok := table[region][thing]
	return p, ok
}

// Regions are those of which there are prices, the others' are not known.
func Regions() []string { return slices.Sorted(maps.Keys(table)) }
