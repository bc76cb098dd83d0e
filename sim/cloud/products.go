package cloud

// listed is a row of the price list, before it is one of a Region.
type listed struct {
	service, family, usage, unit string
	tiers                        []Tier
	attributes                   map[string]string
}

func each(usd float64) []Tier { return []Tier{{0, usd}} }

// products: names and units as AWS's price list has them, prices of us-west-2 as
// of 2026-06. Beside what LabLink is billed for stands what is easily taken for it.
var products = []listed{
	{"AmazonEC2", "Storage", "EBS:VolumeUsage.gp3", "GB-Mo", each(0.08), map[string]string{"volumeApiName": "gp3"}},
	{"AmazonEC2", "Storage", "EBS:VolumeUsage.gp2", "GB-Mo", each(0.10), map[string]string{"volumeApiName": "gp2"}},
	{"AmazonEC2", "System Operation", "EBS:VolumeP-IOPS.gp3", "IOPS-Mo", each(0.005), map[string]string{"volumeApiName": "gp3"}},
	{"AmazonEC2", "Provisioned Throughput", "EBS:VolumeP-Throughput.gp3", "GiBps-mo", each(40.96), map[string]string{"volumeApiName": "gp3"}},
	{"AmazonEC2", "Storage Snapshot", "EBS:SnapshotUsage", "GB-Mo", each(0.05), nil},
	{"AmazonEC2", "Storage Snapshot", "EBS:SnapshotUsageUnderBilling", "GB-Mo", each(0), nil},
	{"AmazonEC2", "Storage Snapshot", "EBS:SnapshotArchiveStorage", "GB-Mo", each(0.0125), nil},
	{"AmazonEC2", "NAT Gateway", "NatGateway-Hours", "Hrs", each(0.045), map[string]string{"operation": "NatGateway"}},
	{"AmazonEC2", "NAT Gateway", "NatGateway-Bytes", "GB", each(0.045), map[string]string{"operation": "NatGateway"}},
	{"AmazonEC2", "NAT Gateway", "NatGateway-Prvd-Bytes", "GB", each(0.003), map[string]string{"operation": "NatGateway"}},
	{"AmazonVPC", "", "PublicIPv4:InUseAddress", "Hrs", each(0.005), nil},
	{"AmazonVPC", "", "PublicIPv4:IdleAddress", "Hrs", each(0.005), nil},
	{"AWSELB", "Load Balancer-Application", "LoadBalancerUsage", "Hrs", each(0.0225), map[string]string{"operation": "LoadBalancing:Application"}},
	{"AWSELB", "Load Balancer-Application", "TS-LoadBalancerUsage", "Hrs", each(0.0056), map[string]string{"operation": "LoadBalancing:Application"}},
	{"AWSELB", "Load Balancer-Application", "LCUUsage", "LCU-Hrs", each(0.008), map[string]string{"operation": "LoadBalancing:Application"}},
	{"AWSELB", "Load Balancer-Application", "ReservedLCUUsage", "LCU-Hrs", each(0.006), map[string]string{"operation": "LoadBalancing:Application"}},
	{"AWSELB", "Load Balancer-Network", "LCUUsage", "LCU-Hrs", each(0.006), map[string]string{"operation": "LoadBalancing:Network"}},
	{"AWSDataTransfer", "Data Transfer", "DataTransfer-Out-Bytes", "GB", []Tier{{0, 0.09}, {10240, 0.085}, {51200, 0.07}, {153600, 0.05}}, map[string]string{"transferType": "AWS Outbound", "toLocation": "External"}},
	{"AWSDataTransfer", "Data Transfer", "Global-DataTransfer-Out-Bytes", "GB", each(0), map[string]string{"transferType": "AWS Outbound", "toLocation": "External"}},
	{"AWSDataTransfer", "Data Transfer", "DataTransfer-Regional-Bytes", "GB", each(0.01), map[string]string{"transferType": "IntraRegion"}},
	{"AmazonRDS", "Database Instance", "InstanceUsage:db.t4g.micro", "Hrs", each(0.016), map[string]string{"instanceType": "db.t4g.micro", "databaseEngine": "PostgreSQL", "deploymentOption": "Single-AZ"}},
	{"AmazonRDS", "Database Instance", "Multi-AZUsage:db.t4g.micro", "Hrs", each(0.032), map[string]string{"instanceType": "db.t4g.micro", "databaseEngine": "PostgreSQL", "deploymentOption": "Multi-AZ"}},
	{"AmazonRDS", "Database Instance", "InstanceUsage:db.t4g.micro", "Hrs", each(0.017), map[string]string{"instanceType": "db.t4g.micro", "databaseEngine": "SQL Server", "deploymentOption": "Single-AZ"}},
	{"AmazonRDS", "Database Storage", "RDS:GP3-Storage", "GB-Mo", each(0.115), map[string]string{"volumeType": "General Purpose-GP3", "databaseEngine": "PostgreSQL", "deploymentOption": "Single-AZ"}},
	{"AmazonRDS", "Database Storage", "RDS:Multi-AZ-GP3-Storage", "GB-Mo", each(0.23), map[string]string{"volumeType": "General Purpose-GP3", "databaseEngine": "PostgreSQL", "deploymentOption": "Multi-AZ"}},
	{"AmazonS3", "Storage", "TimedStorage-ByteHrs", "GB-Mo", []Tier{{0, 0.023}, {51200, 0.022}, {512000, 0.021}}, map[string]string{"volumeType": "Standard"}},
	{"AmazonRoute53", "DNS Zone", "HostedZone", "Hosted Zones", []Tier{{0, 0.5}, {25, 0.1}}, nil},
	{"AmazonRoute53", "DNS Query", "DNS-Queries", "Queries", []Tier{{0, 0.0000004}, {1_000_000_000, 0.0000002}}, nil},
	{"AmazonRoute53", "DNS Query", "Intra-AWS-DNS-Queries", "Queries", each(0), nil},
	{"awskms", "Encryption Key", "KMS-Keys", "Keys", each(1), nil},
	{"AWSSecretsManager", "Secret", "AWSSecretsManager-Secrets", "Secrets", each(0.4), nil},
	{"AmazonCloudWatch", "Alarm", "CW:AlarmMonitorUsage", "Alarms", []Tier{{0, 0}, {10, 0.1}}, nil},
	{"AmazonCloudWatch", "Alarm", "CW:HighResAlarmMonitorUsage", "Alarms", each(0.3), nil},
	{"AmazonCloudWatch", "Dashboard", "DashboardsUsageHour-Basic", "Dashboards", []Tier{{0, 0}, {3, 3}}, nil},
	{"AmazonCloudWatch", "Dashboard", "DashboardsUsageHour", "Dashboards", []Tier{{0, 0}, {3, 3}}, nil},
}
