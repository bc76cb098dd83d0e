package cloud

// kind is a table of the model together with what AWS says of an id that is
// not in it.
type kind[T any] struct {
	table func(*model) table[T]
	code  string // the error's code
	noun  string // what AWS calls it in the message
}

var (
	vpcs              = kind[VPC]{func(m *model) table[VPC] { return m.VPCs }, "InvalidVpcID.NotFound", "vpc"}
	subnets           = kind[Subnet]{func(m *model) table[Subnet] { return m.Subnets }, "InvalidSubnetID.NotFound", "subnet"}
	gateways          = kind[InternetGateway]{func(m *model) table[InternetGateway] { return m.InternetGateways }, "InvalidInternetGatewayID.NotFound", "internetGateway"}
	routeTables       = kind[RouteTable]{func(m *model) table[RouteTable] { return m.RouteTables }, "InvalidRouteTableID.NotFound", "routeTable"}
	routes            = kind[Route]{func(m *model) table[Route] { return m.Routes }, "InvalidRoute.NotFound", "route"}
	associations      = kind[RouteTableAssociation]{func(m *model) table[RouteTableAssociation] { return m.Associations }, "InvalidAssociationID.NotFound", "association"}
	endpoints         = kind[VPCEndpoint]{func(m *model) table[VPCEndpoint] { return m.Endpoints }, "InvalidVpcEndpointId.NotFound", "Vpc Endpoint"}
	groups            = kind[SecurityGroup]{func(m *model) table[SecurityGroup] { return m.SecurityGroups }, "InvalidGroup.NotFound", "security group"}
	rules             = kind[SecurityGroupRule]{func(m *model) table[SecurityGroupRule] { return m.Rules }, "InvalidSecurityGroupRuleId.NotFound", "security group rule"}
	interfaces        = kind[NetworkInterface]{func(m *model) table[NetworkInterface] { return m.Interfaces }, "InvalidNetworkInterfaceID.NotFound", "networkInterface"}
	natGateways       = kind[NATGateway]{func(m *model) table[NATGateway] { return m.NATGateways }, "NatGatewayNotFound", "natGateway"}
	instances         = kind[Instance]{func(m *model) table[Instance] { return m.Instances }, "InvalidInstanceID.NotFound", "instance"}
	addresses         = kind[EIP]{func(m *model) table[EIP] { return m.Addresses }, "InvalidAllocationID.NotFound", "allocation"}
	volumes           = kind[Volume]{func(m *model) table[Volume] { return m.Volumes }, "InvalidVolume.NotFound", "volume"}
	snapshots         = kind[Snapshot]{func(m *model) table[Snapshot] { return m.Snapshots }, "InvalidSnapshot.NotFound", "snapshot"}
	attachments       = kind[VolumeAttachment]{func(m *model) table[VolumeAttachment] { return m.Attachments }, "InvalidAttachment.NotFound", "attachment"}
	templates         = kind[LaunchTemplate]{func(m *model) table[LaunchTemplate] { return m.LaunchTemplates }, "InvalidLaunchTemplateId.NotFound", "launch template"}
	roles             = kind[Role]{func(m *model) table[Role] { return m.Roles }, "NoSuchEntity", "role"}
	rolePolicies      = kind[RolePolicy]{func(m *model) table[RolePolicy] { return m.RolePolicies }, "NoSuchEntity", "role policy"}
	policies          = kind[Policy]{func(m *model) table[Policy] { return m.Policies }, "NoSuchEntity", "policy"}
	policyAttachments = kind[RolePolicyAttachment]{func(m *model) table[RolePolicyAttachment] { return m.RolePolicyAttachments }, "NoSuchEntity", "attachment"}
	profiles          = kind[InstanceProfile]{func(m *model) table[InstanceProfile] { return m.InstanceProfiles }, "NoSuchEntity", "instance profile"}
	providers         = kind[OIDCProvider]{func(m *model) table[OIDCProvider] { return m.OIDCProviders }, "NoSuchEntity", "OpenID Connect provider"}
	buckets           = kind[Bucket]{func(m *model) table[Bucket] { return m.Buckets }, "NoSuchBucket", "bucket"}
	objects           = kind[Object]{func(m *model) table[Object] { return m.Objects }, "NoSuchKey", "object"}
	parameters        = kind[Parameter]{func(m *model) table[Parameter] { return m.Parameters }, "ParameterNotFound", "parameter"}
	keys              = kind[Key]{func(m *model) table[Key] { return m.Keys }, "NotFoundException", "key"}
	aliases           = kind[Alias]{func(m *model) table[Alias] { return m.Aliases }, "NotFoundException", "alias"}
	zones             = kind[Zone]{func(m *model) table[Zone] { return m.Zones }, "NoSuchHostedZone", "hosted zone"}
	records           = kind[Record]{func(m *model) table[Record] { return m.Records }, "NoSuchRecord", "record set"}

	dbSubnetGroups     = kind[DBSubnetGroup]{func(m *model) table[DBSubnetGroup] { return m.DBSubnetGroups }, "DBSubnetGroupNotFoundFault", "DB subnet group"}
	dbParameterGroups  = kind[DBParameterGroup]{func(m *model) table[DBParameterGroup] { return m.DBParameterGroups }, "DBParameterGroupNotFound", "DB parameter group"}
	dbInstances        = kind[DBInstance]{func(m *model) table[DBInstance] { return m.DBInstances }, "DBInstanceNotFound", "DB instance"}
	lifecyclePolicies  = kind[LifecyclePolicy]{func(m *model) table[LifecyclePolicy] { return m.LifecyclePolicies }, "ResourceNotFoundException", "lifecycle policy"}
	topics             = kind[Topic]{func(m *model) table[Topic] { return m.Topics }, "NotFound", "topic"}
	topicPolicies      = kind[TopicPolicy]{func(m *model) table[TopicPolicy] { return m.TopicPolicies }, "NotFound", "topic policy"}
	subscriptions      = kind[Subscription]{func(m *model) table[Subscription] { return m.Subscriptions }, "NotFound", "subscription"}
	metricAlarms       = kind[MetricAlarm]{func(m *model) table[MetricAlarm] { return m.MetricAlarms }, "ResourceNotFound", "alarm"}
	dashboards         = kind[Dashboard]{func(m *model) table[Dashboard] { return m.Dashboards }, "ResourceNotFound", "dashboard"}
	budgets            = kind[Budget]{func(m *model) table[Budget] { return m.Budgets }, "NotFoundException", "budget"}
	cloudflareZones    = kind[CloudflareZone]{func(m *model) table[CloudflareZone] { return m.CloudflareZones }, "7003", "zone"}
	cloudflareRecords  = kind[CloudflareRecord]{func(m *model) table[CloudflareRecord] { return m.CloudflareRecords }, "81044", "DNS record"}
	originCertificates = kind[OriginCertificate]{func(m *model) table[OriginCertificate] { return m.OriginCertificates }, "1014", "certificate"}

	imageComponents      = kind[ImageComponent]{func(m *model) table[ImageComponent] { return m.ImageComponents }, "ResourceNotFoundException", "component"}
	imageRecipes         = kind[ImageRecipe]{func(m *model) table[ImageRecipe] { return m.ImageRecipes }, "ResourceNotFoundException", "image recipe"}
	imageInfrastructures = kind[ImageInfrastructure]{func(m *model) table[ImageInfrastructure] { return m.ImageInfrastructures }, "ResourceNotFoundException", "infrastructure configuration"}
	imageDistributions   = kind[ImageDistribution]{func(m *model) table[ImageDistribution] { return m.ImageDistributions }, "ResourceNotFoundException", "distribution configuration"}
	imagePipelines       = kind[ImagePipeline]{func(m *model) table[ImagePipeline] { return m.ImagePipelines }, "ResourceNotFoundException", "image pipeline"}
)

// keep adds an entry. It is the model's own: what the caller does to v later
// does not change it.
func (t table[T]) keep(id string, v *T) {
	own := *v
	t[id] = &own
}

// get finds one entry; the model is held still.
func (k kind[T]) get(m *model, id string) (*T, error) {
	if v, ok := k.table(m)[id]; ok {
		return v, nil
	}
	return nil, refuse(k.code, "The %s ID '%s' does not exist", k.noun, id)
}

// lookup returns a copy of one entry.
func (k kind[T]) lookup(a *Account, id string) (*T, error) {
	var out T
	err := a.view(func(m *model) error {
		v, err := k.get(m, id)
		if err == nil {
			out = *v
		}
		return err
	})
	return &out, err
}

// update replaces an entry by next, once f has checked next and carried over
// from the current one what only AWS decides.
func (k kind[T]) update(a *Account, id string, next *T, f func(m *model, cur *T) error) error {
	return a.change(func(m *model) error {
		cur, err := k.get(m, id)
		if err != nil {
			return err
		}
		if err := f(m, cur); err != nil {
			return err
		}
		*cur = *next
		return nil
	})
}

// remove deletes an entry unless f refuses; f also removes what goes along.
func (k kind[T]) remove(a *Account, id string, f func(m *model, cur *T) error) error {
	return a.change(func(m *model) error {
		cur, err := k.get(m, id)
		if err != nil {
			return err
		}
		if f != nil {
			if err := f(m, cur); err != nil {
				return err
			}
		}
		delete(k.table(m), id)
		return nil
	})
}
