package cloud

import "encoding/json"

// model is what is persisted.
type model struct {
	balancing
	VPCs                  table[VPC]
	Subnets               table[Subnet]
	InternetGateways      table[InternetGateway]
	RouteTables           table[RouteTable]
	Routes                table[Route]
	Associations          table[RouteTableAssociation]
	Endpoints             table[VPCEndpoint]
	SecurityGroups        table[SecurityGroup]
	Rules                 table[SecurityGroupRule]
	Interfaces            table[NetworkInterface]
	NATGateways           table[NATGateway]
	Instances             table[Instance]
	Addresses             table[EIP]
	Volumes               table[Volume]
	Snapshots             table[Snapshot]
	Attachments           table[VolumeAttachment]
	LaunchTemplates       table[LaunchTemplate]
	Fleets                table[fleetRecord]
	Roles                 table[Role]
	RolePolicies          table[RolePolicy]
	Policies              table[Policy]
	RolePolicyAttachments table[RolePolicyAttachment]
	InstanceProfiles      table[InstanceProfile]
	OIDCProviders         table[OIDCProvider]
	Buckets               table[Bucket]
	BucketSettings        table[json.RawMessage] // sub-resources, by "kind/bucket"
	Objects               table[Object]
	Parameters            table[Parameter]
	Keys                  table[Key]
	Aliases               table[Alias]
	Zones                 table[Zone]
	Records               table[Record]
	DBSubnetGroups        table[DBSubnetGroup]
	DBParameterGroups     table[DBParameterGroup]
	DBInstances           table[DBInstance]
	DBSnapshots           table[string]     // names, with the id of the instance that left each
	DBPasswords           map[string]string // of master users, by the ids of instances
	RDSCA                 *authority
	LifecyclePolicies     table[LifecyclePolicy]
	Topics                table[Topic]
	TopicPolicies         table[TopicPolicy]
	Subscriptions         table[Subscription]
	MetricAlarms          table[MetricAlarm]
	Dashboards            table[Dashboard]
	Budgets               table[Budget]
	Faults                Faults
	Created               map[string]string // URN → id of what a deployment created

	CloudflareZones      table[CloudflareZone]
	CloudflareRecords    table[CloudflareRecord]
	OriginCertificates   table[OriginCertificate]
	OriginCA             *authority
	ImageComponents      table[ImageComponent]
	ImageRecipes         table[ImageRecipe]
	ImageInfrastructures table[ImageInfrastructure]
	ImageDistributions   table[ImageDistribution]
	ImagePipelines       table[ImagePipeline]
	ImageBuilds          table[ImageBuild]
	BuiltImages          table[Image]
	Deregistered         map[string]bool // images of the account that are gone, by id
}

type table[T any] map[string]*T

func (m *model) init() {
	m.balancing.init()
	initTable(&m.VPCs)
	initTable(&m.Subnets)
	initTable(&m.InternetGateways)
	initTable(&m.RouteTables)
	initTable(&m.Routes)
	initTable(&m.Associations)
	initTable(&m.Endpoints)
	initTable(&m.SecurityGroups)
	initTable(&m.Rules)
	initTable(&m.Interfaces)
	initTable(&m.NATGateways)
	initTable(&m.Instances)
	initTable(&m.Addresses)
	initTable(&m.Volumes)
	initTable(&m.Snapshots)
	initTable(&m.Attachments)
	initTable(&m.LaunchTemplates)
	initTable(&m.Fleets)
	initTable(&m.Roles)
	initTable(&m.RolePolicies)
	initTable(&m.Policies)
	initTable(&m.RolePolicyAttachments)
	initTable(&m.InstanceProfiles)
	initTable(&m.OIDCProviders)
	initTable(&m.Buckets)
	initTable(&m.BucketSettings)
	initTable(&m.Objects)
	initTable(&m.Parameters)
	initTable(&m.Keys)
	initTable(&m.Aliases)
	initTable(&m.Zones)
	initTable(&m.Records)
	initTable(&m.DBSubnetGroups)
	initTable(&m.DBParameterGroups)
	initTable(&m.DBInstances)
	initTable(&m.DBSnapshots)
	initTable(&m.LifecyclePolicies)
	initTable(&m.Topics)
	initTable(&m.TopicPolicies)
	initTable(&m.Subscriptions)
	initTable(&m.MetricAlarms)
	initTable(&m.Dashboards)
	initTable(&m.Budgets)
	initTable(&m.CloudflareZones)
	initTable(&m.CloudflareRecords)
	initTable(&m.OriginCertificates)
	initTable(&m.ImageComponents)
	initTable(&m.ImageRecipes)
	initTable(&m.ImageInfrastructures)
	initTable(&m.ImageDistributions)
	initTable(&m.ImagePipelines)
	initTable(&m.ImageBuilds)
	initTable(&m.BuiltImages)
	if m.Deregistered == nil {
		m.Deregistered = map[string]bool{}
	}
	if m.DBPasswords == nil {
		m.DBPasswords = map[string]string{}
	}
	if m.Created == nil {
		m.Created = map[string]string{}
	}
}

func initTable[T any](t *table[T]) {
	if *t == nil {
		*t = table[T]{}
	}
}
