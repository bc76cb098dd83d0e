package price

import (
	"slices"
	"strings"
)

// Thing is what has a price.
type Thing string

// Things that have no kinds.
const (
	Volume         Thing = "gp3 volume"               // per GiB
	IOPS           Thing = "provisioned IOPS of gp3"  // each, beyond those that a volume has anyway
	Throughput     Thing = "provisioned MiB/s of gp3" // each, beyond those that a volume has anyway
	Snapshot       Thing = "snapshot"                 // per GiB that changed since the one before
	PublicAddress  Thing = "public IPv4 address"      // whether it is used or not
	LoadBalancer   Thing = "load balancer"            // without what it handles
	LoadUnit       Thing = "load balancer unit"       // LCU: what the busiest hour needs
	NAT            Thing = "NAT gateway"              // without what it handles
	NATTraffic     Thing = "NAT traffic"              // in either direction
	Traffic        Thing = "traffic to internet"      // beyond the first 100 GB of a month
	ZoneTraffic    Thing = "traffic between zones"    // in each direction
	DatabaseVolume Thing = "database storage"         // gp3, per GiB, one zone
	Bucket         Thing = "S3 storage"               // per GiB
	Zone           Thing = "hosted zone"              // of Route 53; its records cost nothing
	Queries        Thing = "DNS queries"              // to a hosted zone; those for a load balancer's name cost nothing
	Key            Thing = "KMS key"                  //
	Secret         Thing = "secret"                   // of Secrets Manager
	Alarm          Thing = "alarm"                    // of one metric, by the minute or slower
	Dashboard      Thing = "dashboard (the first three of an account are free)"
)

// plain are the things that have no kinds.
var plain = []Thing{
	Volume, IOPS, Throughput, Snapshot, PublicAddress, LoadBalancer, LoadUnit, NAT, NATTraffic, Traffic, ZoneTraffic,
	DatabaseVolume, Bucket, Zone, Queries, Key, Secret, Alarm, Dashboard,
}

// The beginnings of things that have kinds.
const (
	instance = "instance "
	spot     = "spot instance "
	database = "database "
)

// Instance is an EC2 instance of a type, for example "t4g.small".
func Instance(kind string) Thing { return Thing(instance + kind) }

// Spot is an EC2 instance of a type from the spot market, in the zone where it is
// dearest at the moment.
func Spot(kind string) Thing { return Thing(spot + kind) }

// Database is an RDS instance for PostgreSQL of a class, for example
// "db.t4g.micro", in one zone; with a standby it costs twice as much.
func Database(class string) Thing { return Thing(database + class) }

// InstanceType is the type of an instance on demand. It is not ok for other things.
func (t Thing) InstanceType() (kind string, ok bool) { return strings.CutPrefix(string(t), instance) }

// SpotType is the type of an instance from the spot market.
func (t Thing) SpotType() (kind string, ok bool) { return strings.CutPrefix(string(t), spot) }

// DatabaseClass is the class of a database.
func (t Thing) DatabaseClass() (class string, ok bool) {
	class, ok = strings.CutPrefix(string(t), database)
	return class, ok && t != DatabaseVolume
}

// Things are those that have no kinds.
func Things() []Thing { return slices.Clone(plain) }
