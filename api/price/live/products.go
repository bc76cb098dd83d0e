package live

import (
	"regexp"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// product is how a thing stands in AWS's price list.
type product struct {
	service string
	region  string // the attribute that says where; "" for what costs the same everywhere
	match   attributes
	// usage is the usage type, without what stands before it for the Region; "" for
	// any. "DataTransfer-Out-Bytes" is USW2-DataTransfer-Out-Bytes in us-west-2.
	usage string
	per   price.Unit
	times float64 // how many of the list's units are one of ours; 0 is one
}

// attributes are a product's own, and its family.
type attributes map[string]string

const (
	in   = "regionCode"
	from = "fromRegionCode"
)

// products are the things that have no kinds. Usage types and attributes are those
// of AWS's price list (GetAttributeValues lists them).
var products = map[price.Thing]product{
	price.Volume:         {"AmazonEC2", in, attributes{family: "Storage", "volumeApiName": "gp3"}, "EBS:VolumeUsage.gp3", price.GiBMonth, 0},
	price.IOPS:           {"AmazonEC2", in, attributes{family: "System Operation", "volumeApiName": "gp3"}, "EBS:VolumeP-IOPS.gp3", price.Month, 0},
	price.Throughput:     {"AmazonEC2", in, attributes{family: "Provisioned Throughput", "volumeApiName": "gp3"}, "EBS:VolumeP-Throughput.gp3", price.Month, 1.0 / 1024}, // listed by the GiB/s
	price.Snapshot:       {"AmazonEC2", in, attributes{family: "Storage Snapshot"}, "EBS:SnapshotUsage", price.GiBMonth, 0},
	price.PublicAddress:  {"AmazonVPC", in, nil, "PublicIPv4:InUseAddress", price.Hour, 0},
	price.LoadBalancer:   {"AWSELB", in, attributes{family: "Load Balancer-Application"}, "LoadBalancerUsage", price.Hour, 0},
	price.LoadUnit:       {"AWSELB", in, attributes{family: "Load Balancer-Application"}, "LCUUsage", price.Hour, 0},
	price.NAT:            {"AmazonEC2", in, attributes{family: "NAT Gateway"}, "NatGateway-Hours", price.Hour, 0},
	price.NATTraffic:     {"AmazonEC2", in, attributes{family: "NAT Gateway"}, "NatGateway-Bytes", price.GB, 0},
	price.Traffic:        {"AWSDataTransfer", from, attributes{"transferType": "AWS Outbound", "toLocation": "External"}, "DataTransfer-Out-Bytes", price.GB, 0},
	price.ZoneTraffic:    {"AWSDataTransfer", from, attributes{"transferType": "IntraRegion"}, "DataTransfer-Regional-Bytes", price.GB, 0},
	price.DatabaseVolume: {"AmazonRDS", in, attributes{family: "Database Storage", "volumeType": "General Purpose-GP3", "databaseEngine": "PostgreSQL", "deploymentOption": "Single-AZ"}, "RDS:GP3-Storage", price.GiBMonth, 0},
	price.Bucket:         {"AmazonS3", in, attributes{family: "Storage", "volumeType": "Standard"}, "TimedStorage-ByteHrs", price.GiBMonth, 0},
	price.Zone:           {"AmazonRoute53", "", attributes{family: "DNS Zone"}, "HostedZone", price.Month, 0},
	price.Queries:        {"AmazonRoute53", "", attributes{family: "DNS Query"}, "DNS-Queries", price.Million, 1_000_000}, // listed by the query
	price.Key:            {"awskms", in, attributes{family: "Encryption Key"}, "KMS-Keys", price.Month, 0},
	price.Secret:         {"AWSSecretsManager", in, attributes{family: "Secret"}, "AWSSecretsManager-Secrets", price.Month, 0},
	price.Alarm:          {"AmazonCloudWatch", in, attributes{family: "Alarm"}, "CW:AlarmMonitorUsage", price.Month, 0},
	price.Dashboard:      {"AmazonCloudWatch", "", attributes{family: "Dashboard"}, "DashboardsUsageHour-Basic", price.Month, 0}, // of up to 50 metrics
}

const family = "productFamily"

// productOf is how a thing stands in the list. It is not ok for what is not in it.
func productOf(t price.Thing) (product, bool) {
	if kind, ok := t.InstanceType(); ok {
		return product{"AmazonEC2", in, attributes{
			"instanceType": kind, "operatingSystem": "Linux", "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used", "operation": "RunInstances",
		}, "", price.Hour, 0}, true
	}
	if class, ok := t.DatabaseClass(); ok {
		return product{"AmazonRDS", in, attributes{
			family: "Database Instance", "instanceType": class, "databaseEngine": "PostgreSQL", "deploymentOption": "Single-AZ",
		}, "", price.Hour, 0}, true
	}
	p, ok := products[t]
	return p, ok
}

// units are how the list calls ours. Things by the month have their own there:
// Keys, Alarms, Secrets.
var units = map[price.Unit][]string{
	price.Hour: {"Hrs", "LCU-Hrs"}, price.GiBMonth: {"GB-Mo"}, price.GB: {"GB"}, price.Million: {"Queries"},
}

// isUsage reports whether a usage type is the one that is meant, in a Region.
// Before it stands nothing, three letters and a number, EU, or for keys the Region
// itself. What stands there beside is something else: TS-LoadBalancerUsage.
func (p product) isUsage(usage, region string) bool {
	if p.usage == "" {
		return true
	}
	return regexp.MustCompile(`^(?:[A-Z]{3}\d+-|EU-|` + regexp.QuoteMeta(region) + `-)?` + regexp.QuoteMeta(p.usage) + `$`).MatchString(usage)
}
