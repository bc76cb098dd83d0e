package recording

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

type values = map[string]any

// functions are the look-ups that an account answers.
var functions = map[string]func(Account, values) (values, error){
	"aws:index/getCallerIdentity:getCallerIdentity": func(a Account, _ values) (values, error) {
		return values{"id": a.ID, "accountId": a.ID, "arn": "arn:aws:iam::" + a.ID + ":user/engineer", "userId": "AIDAENGINEER"}, nil
	},
	"aws:index/getAvailabilityZones:getAvailabilityZones": zones,
	"aws:ec2/getInstanceType:getInstanceType": func(a Account, in values) (values, error) {
		t, ok := a.InstanceTypes[text(in, "instanceType")]
		if !ok {
			return nil, fmt.Errorf("reading EC2 Instance Type (%s): InvalidInstanceType", text(in, "instanceType"))
		}
		return values{
			"id": text(in, "instanceType"), "instanceType": text(in, "instanceType"),
			"supportedArchitectures": list(t.Architectures), "hypervisor": cmp.Or(t.Hypervisor, "nitro"),
		}, nil
	},
	"aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": offerings,
	"aws:ec2/getAmi:getAmi":       image,
	"aws:ec2/getAmiIds:getAmiIds": built,
	"aws:ec2/getVpc:getVpc": func(a Account, in values) (values, error) {
		if in["default"] == true && !a.NoDefaultVPC {
			return values{"id": "vpc-default", "default": true}, nil
		}
		if _, ok := a.VPCs[text(in, "id")]; !ok {
			return nil, errors.New("no matching EC2 VPC found")
		}
		return values{"id": text(in, "id")}, nil
	},
	"aws:ec2/getSubnet:getSubnet": func(a Account, in values) (values, error) {
		for vpc, subnets := range a.VPCs {
			if s, ok := subnets[text(in, "id")]; ok {
				return values{"id": text(in, "id"), "vpcId": vpc, "availabilityZone": s.Zone, "cidrBlock": s.Cidr, "mapPublicIpOnLaunch": !s.NoPublicIPs}, nil
			}
		}
		return nil, errors.New("no matching EC2 Subnet found")
	},
	"aws:ec2/getRouteTables:getRouteTables": routeTables,
	"aws:ec2/getRouteTable:getRouteTable":   routeTable,
	"aws:ebs/getSnapshot:getSnapshot": func(a Account, in values) (values, error) {
		ids, _ := in["snapshotIds"].([]any)
		owners, _ := in["owners"].([]any)
		if len(ids) != 1 || len(owners) != 1 || owners[0] != "self" {
			return nil, errors.New("only one of the account's own snapshots is known, by its id")
		}
		s, ok := a.Snapshots[fmt.Sprint(ids[0])]
		if !ok {
			return nil, fmt.Errorf("reading EBS Snapshot: InvalidSnapshot.NotFound: The snapshot '%v' does not exist.", ids[0])
		}
		tags := values{}
		for key, value := range s.Tags {
			tags[key] = value
		}
		return values{
			"id": ids[0], "snapshotId": ids[0], "volumeSize": s.GiB, "tags": tags, "encrypted": !s.ReadableByAnyone,
			"state": cmp.Or(s.State, "completed"), "storageTier": cmp.Or(s.Tier, "standard"),
		}, nil
	},
	"aws:ebs/getEbsVolumes:getEbsVolumes": volumes,
	"aws:ebs/getVolume:getVolume": func(a Account, in values) (values, error) {
		ids, err := filtered(in, "volume-id")
		if err != nil || len(ids) != 1 {
			return nil, errors.New("only one volume is known, by its id")
		}
		v, ok := a.Volumes[ids[0]]
		if !ok {
			return nil, errors.New("Your query returned no results. Please change your search criteria and try again.")
		}
		return values{"id": ids[0], "volumeId": ids[0], "availabilityZone": v.Zone, "snapshotId": v.Snapshot}, nil
	},
	"aws:ssm/getParameter:getParameter": func(a Account, in values) (values, error) {
		v, ok := a.Parameters[text(in, "name")]
		if slices.Contains(a.DeniedParameters, text(in, "name")) {
			return nil, fmt.Errorf("reading SSM Parameter (%s): operation error SSM: GetParameter, https response error StatusCode: 400, RequestID: 1, api error AccessDeniedException: User: x is not authorized to perform: ssm:GetParameter", text(in, "name"))
		}
		if !ok {
			return nil, fmt.Errorf("reading SSM Parameter (%s): couldn't find resource", text(in, "name"))
		}
		return values{"id": text(in, "name"), "name": text(in, "name"), "value": v, "type": "String"}, nil
	},
	"aws:s3/getObject:getObject": func(a Account, in values) (values, error) {
		body, ok := a.Objects[text(in, "bucket")+"/"+text(in, "key")]
		if !ok {
			return nil, fmt.Errorf("reading S3 Bucket (%s) Object (%s): couldn't find resource", text(in, "bucket"), text(in, "key"))
		}
		return values{"id": text(in, "bucket") + "/" + text(in, "key"), "bucket": text(in, "bucket"), "key": text(in, "key"), "body": body}, nil
	},
	"aws:route53/getZone:getZone": func(a Account, in values) (values, error) {
		switch ids := a.HostedZones[text(in, "name")]; len(ids) {
		case 0:
			return nil, errors.New("no matching Route 53 Hosted Zone found")
		case 1:
			return values{"id": ids[0], "zoneId": ids[0], "name": text(in, "name")}, nil
		}
		return nil, errors.New("multiple Route 53 Hosted Zones matched; use additional constraints to reduce matches to a single Route 53 Hosted Zone")
	},
	"cloudflare:index/getZones:getZones": func(a Account, in values) (values, error) {
		filter, _ := in["filter"].(values)
		name, found := text(filter, "name"), []any{}
		for _, id := range a.CloudflareZones[name] {
			found = append(found, values{"id": id, "name": name})
		}
		return values{"id": "zones", "filter": filter, "zones": found}, nil
	},
	"cloudflare:index/getIpRanges:getIpRanges": func(a Account, _ values) (values, error) {
		return values{"id": "ranges", "ipv4CidrBlocks": list(a.CloudflareRanges)}, nil
	},
	"aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": func(a Account, in values) (values, error) {
		if a.OIDCProvider == "" {
			return nil, fmt.Errorf("reading IAM OIDC Provider (%s): couldn't find resource", text(in, "url"))
		}
		clients, tags := a.OIDCClients, values{}
		if clients == nil {
			clients = []string{"sts.amazonaws.com"}
		}
		for key, value := range a.OIDCTags {
			tags[key] = value
		}
		return values{"id": a.OIDCProvider, "arn": a.OIDCProvider, "url": text(in, "url"), "clientIdLists": list(clients), "tags": tags}, nil
	},
	"aws:iam/getRoles:getRoles": func(a Account, in values) (values, error) {
		found := []string{}
		for _, arn := range a.ServiceRoles {
			if strings.Contains(arn, text(in, "pathPrefix")) {
				found = append(found, arn)
			}
		}
		return values{"id": a.Region, "arns": list(found), "names": list(found)}, nil
	},
}

// zones lists Local Zones too, unless the caller filters them out, and before
// the Region's own, as EC2 sorts them.
func zones(a Account, in values) (values, error) {
	found := slices.Clone(a.Zones)
	filters, _ := in["filters"].([]any)
	own := slices.ContainsFunc(filters, func(f any) bool {
		filter, _ := f.(values)
		wanted, _ := filter["values"].([]any)
		return filter["name"] == "opt-in-status" && len(wanted) == 1 && wanted[0] == "opt-in-not-required"
	})
	if in["state"] == "available" {
		found = slices.DeleteFunc(found, func(zone string) bool { return slices.Contains(a.ImpairedZones, zone) })
	}
	if !own {
		found = append(slices.Clone(a.LocalZones), found...)
	}
	return values{"id": a.Region, "names": list(found)}, nil
}

// filtered are the values of the one filter that is known; none where it is not
// given.
func filtered(in values, name string) ([]string, error) {
	filters, _ := in["filters"].([]any)
	var out []string
	for _, f := range filters {
		filter, _ := f.(values)
		if filter["name"] != name {
			return nil, fmt.Errorf("the filter %v is not known", filter["name"])
		}
		wanted, _ := filter["values"].([]any)
		for _, w := range wanted {
			out = append(out, fmt.Sprint(w))
		}
	}
	return out, nil
}

// routeTables lists the table of one subnet, or the main one of a VPC.
func routeTables(a Account, in values) (values, error) {
	subnets, err := filtered(in, "association.subnet-id")
	ids := []string{}
	if err != nil {
		ids = append(ids, "rtb-main-"+text(in, "vpcId"))
		_, err = filtered(in, "association.main")
	} else if s := a.VPCs[text(in, "vpcId")][subnets[0]]; s.Table != "" {
		ids = append(ids, s.Table)
	}
	return values{"id": a.Region, "ids": list(ids)}, err
}

// routeTable is one table by its id, with the way that its subnets lead.
func routeTable(a Account, in values) (values, error) {
	id := text(in, "routeTableId")
	for vpc, subnets := range a.VPCs {
		for _, s := range subnets {
			if cmp.Or(s.Table, "rtb-main-"+vpc) != id {
				continue
			}
			route := values{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}
			if s.Private {
				route = values{"cidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1"}
			}
			return values{"id": id, "routeTableId": id, "vpcId": vpc, "routes": []any{values{"cidrBlock": "10.0.0.0/8", "gatewayId": "vgw-1"}, route}}, nil
		}
	}
	return nil, errors.New("query returned no results. Please change your search criteria and try again")
}

// volumes lists the volumes that have some tags, and those in use where asked for.
func volumes(a Account, in values) (values, error) {
	tags, _ := in["tags"].(values)
	statuses, err := filtered(in, "status")
	if err != nil || len(tags) == 0 {
		return nil, errors.New("only volumes by their tags are known, and the filter status")
	}
	ids := []string{}
	for _, id := range slices.Sorted(maps.Keys(a.Volumes)) {
		v := a.Volumes[id]
		status := map[bool]string{true: "in-use", false: "available"}[v.Attached]
		fits := len(statuses) == 0 || slices.Contains(statuses, status)
		for key, value := range tags {
			fits = fits && v.Tags[key] == value
		}
		if fits {
			ids = append(ids, id)
		}
	}
	return values{"id": a.Region, "ids": list(ids)}, nil
}

// offerings lists in which zones the types are offered that the filter names.
func offerings(a Account, in values) (values, error) {
	wanted, err := filtered(in, "instance-type")
	if err != nil || len(wanted) == 0 || in["locationType"] != "availability-zone" {
		return nil, errors.New("only the filter instance-type is known, and zones")
	}
	var types, zones []any
	for _, name := range wanted {
		t, ok := a.InstanceTypes[name]
		if !ok {
			continue
		}
		offered := t.Zones
		if offered == nil {
			offered = a.Zones
		}
		for _, zone := range offered {
			types, zones = append(types, name), append(zones, zone)
		}
	}
	return values{"id": a.Region, "instanceTypes": types, "locations": zones}, nil
}

// image finds an image by its id; a deprecated one only when asked for.
func image(a Account, in values) (values, error) {
	filters, _ := in["filters"].([]any)
	for _, f := range filters {
		filter, _ := f.(values)
		ids, _ := filter["values"].([]any)
		if filter["name"] != "image-id" || len(ids) != 1 {
			continue
		}
		found, ok := a.Images[fmt.Sprint(ids[0])]
		if ok && (!found.Deprecated || in["includeDeprecated"] == true) {
			size := strconv.Itoa(cmp.Or(found.SnapshotGiB, 8))
			return values{
				"id": ids[0], "imageId": ids[0], "name": found.Name, "architecture": found.Architecture, "rootDeviceName": "/dev/xvda",
				"blockDeviceMappings": []any{
					values{"deviceName": "/dev/xvdz", "ebs": values{"volume_size": "1000"}},
					values{"deviceName": "/dev/xvda", "ebs": values{"volume_size": size}},
				},
			}, nil
		}
	}
	return nil, errors.New("Your query returned no results. Please change your search criteria and try again.")
}

// built lists the account's own images of one pipeline.
func built(a Account, in values) (values, error) {
	owners, _ := in["owners"].([]any)
	filters, _ := in["filters"].([]any)
	if len(owners) != 1 || owners[0] != "self" || len(filters) != 2 {
		return nil, errors.New("only the account's own images by their pipeline are known")
	}
	pipeline, _ := filters[0].(values)
	state, _ := filters[1].(values)
	wanted, _ := pipeline["values"].([]any)
	if pipeline["name"] != "tag:lablink:pipeline" || state["name"] != "state" || len(wanted) != 1 {
		return nil, errors.New("only the account's own images by their pipeline are known")
	}
	return values{"id": a.Region, "ids": list(a.Built[fmt.Sprint(wanted[0])])}, nil
}

func (a Account) call(token string, args resource.PropertyMap) (resource.PropertyMap, error) {
	f, ok := functions[token]
	if !ok {
		return nil, fmt.Errorf("no answer is known for the function %s", token)
	}
	out, err := f(a, args.Mappable())
	if why, fails := a.Failing[token]; fails {
		err = errors.New(why)
	}
	if err != nil {
		return nil, fmt.Errorf("invoking %s: 1 error occurred:\n\t* %w", token, err)
	}
	return resource.NewPropertyMapFromMap(out), nil
}

func text(in values, key string) string {
	s, _ := in[key].(string)
	return s
}

func list(in []string) []any {
	out := make([]any, len(in))
	for i, s := range in {
		out[i] = s
	}
	return out
}
