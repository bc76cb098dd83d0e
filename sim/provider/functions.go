package provider

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

type values = map[string]any

// functions are the look-ups that there are.
var functions = map[string]func(*account, values) (values, error){
	"aws:index/getCallerIdentity:getCallerIdentity": func(a *account, _ values) (values, error) {
		c, _ := a.Credential(cloud.DeveloperKey)
		return values{"accountId": a.ID(), "id": a.ID(), "arn": c.Principal.ARN, "userId": c.Principal.UserID}, nil
	},
	"aws:index/getAvailabilityZones:getAvailabilityZones": func(a *account, in values) (values, error) {
		names := a.AvailabilityZones()
		ids := make([]string, len(names))
		for i, name := range names {
			ids[i] = a.ZoneID(name)
		}
		return values{"id": a.Region(), "names": names, "zoneIds": ids, "groupNames": []string{a.Region()}, "state": in["state"]}, nil
	},
	"aws:ebs/getEbsVolumes:getEbsVolumes":                       volumeIDs,
	"aws:ebs/getVolume:getVolume":                               volume,
	"aws:ec2/getRouteTables:getRouteTables":                     routeTableIDs,
	"aws:ec2/getRouteTable:getRouteTable":                       routeTable,
	"aws:ec2/getVpc:getVpc":                                     oneVPC,
	"aws:ec2/getSubnet:getSubnet":                               subnetByID,
	"aws:ec2/getInstanceType:getInstanceType":                   instanceType,
	"aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": offerings,
	"aws:ec2/getAmi:getAmi":                                     ami,
	"aws:ec2/getAmiIds:getAmiIds":                               amiIDs,
	"aws:ebs/getSnapshot:getSnapshot":                           snapshot,
	"aws:ssm/getParameter:getParameter": func(a *account, in values) (values, error) {
		name := fmt.Sprint(in["name"])
		p, err := a.Parameter(name)
		if err != nil {
			return nil, fmt.Errorf("reading SSM Parameter (%s): couldn't find resource", name)
		}
		return values{"id": name, "name": name, "arn": p.ARN, "type": p.Type, "value": p.Value, "version": p.Version, "insecureValue": p.Value}, nil
	},
	"aws:route53/getZone:getZone": zone,
	"aws:s3/getObject:getObject":  objectOf,
	"aws:iam/getRoles:getRoles": func(a *account, in values) (values, error) {
		names, arns := []string{}, []string{}
		for _, r := range a.RolesAt(fmt.Sprint(in["pathPrefix"])) {
			names, arns = append(names, r.Name), append(arns, r.ARN)
		}
		return values{"id": a.Region(), "pathPrefix": in["pathPrefix"], "names": names, "arns": arns}, nil
	},
	"aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": func(a *account, in values) (values, error) {
		url := fmt.Sprint(in["url"])
		p, err := a.OIDCProviderByURL(url)
		if err != nil {
			return nil, fmt.Errorf("reading IAM OIDC Provider (%s): couldn't find resource", url)
		}
		return values{"id": p.ARN, "arn": p.ARN, "url": p.URL, "clientIdLists": p.ClientIDLists, "thumbprintLists": p.ThumbprintLists, "tags": p.Tags}, nil
	},
}

func instanceType(a *account, in values) (values, error) {
	name := fmt.Sprint(in["instanceType"])
	t, err := a.InstanceType(name)
	if err != nil {
		return nil, fmt.Errorf("reading EC2 Instance Type (%s): %w", name, err)
	}
	out := values{
		"id": name, "instanceType": name, "supportedArchitectures": []string{t.Architecture},
		"hypervisor":   t.Hypervisor,
		"defaultVcpus": t.VCPUs, "memorySize": t.MemoryMiB, "totalGpuMemory": t.GPUMemoryMiB * t.GPUs,
	}
	if t.GPUs > 0 {
		out["gpuses"] = []values{{"count": t.GPUs, "manufacturer": "NVIDIA", "memorySize": t.GPUMemoryMiB, "name": t.GPU}}
	}
	return out, nil
}

// filtered are the values of a function's filter, of the one name that is modelled.
func filtered(in values, name string) ([]string, error) {
	filters, _ := in["filters"].([]any)
	var out []string
	for _, f := range filters {
		filter, _ := f.(values)
		if filter["name"] != name {
			return nil, fmt.Errorf("InvalidParameterValue: The filter '%v' is invalid (the simulator models %s)", filter["name"], name)
		}
		values, _ := filter["values"].([]any)
		for _, v := range values {
			out = append(out, fmt.Sprint(v))
		}
	}
	return out, nil
}

// offerings lists the zones that offer the types which the filter names.
func offerings(a *account, in values) (values, error) {
	if at := in["locationType"]; at != "availability-zone" {
		return nil, fmt.Errorf("InvalidParameterValue: The simulator models the location type availability-zone, not '%v'", at)
	}
	names, err := filtered(in, "instance-type")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 || strings.ContainsAny(strings.Join(names, ""), "*?") {
		return nil, fmt.Errorf("InvalidParameterValue: The simulator lists the types that the filter instance-type names, without wildcards")
	}
	var types, zones, kinds []string
	for _, o := range a.Offerings(names) {
		types, zones, kinds = append(types, o.InstanceType), append(zones, o.Zone), append(kinds, "availability-zone")
	}
	return values{
		"id": a.Region(), "filters": in["filters"], "locationType": in["locationType"],
		"instanceTypes": types, "locations": zones, "locationTypes": kinds,
	}, nil
}

func zone(a *account, in values) (values, error) {
	var found []cloud.Zone
	if id, ok := in["zoneId"].(string); ok && id != "" {
		z, err := a.Zone(id)
		if err != nil {
			return nil, fmt.Errorf("no matching Route 53 Hosted Zone found")
		}
		found = []cloud.Zone{*z}
	} else {
		found = a.ZonesNamed(fmt.Sprint(in["name"]))
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("no matching Route 53 Hosted Zone found")
	case 1:
		z := found[0]
		return values{
			"id": z.ID, "zoneId": z.ID, "name": z.Name, "arn": "arn:aws:route53:::hostedzone/" + z.ID,
			"nameServers": z.NameServers, "primaryNameServer": z.NameServers[0], "privateZone": false,
		}, nil
	}
	return nil, fmt.Errorf("multiple Route 53 Hosted Zones matched; use additional constraints to reduce matches to a single Route 53 Hosted Zone")
}

// call runs a function by its token.
func (s *Server) call(token string, args resource.PropertyMap) (resource.PropertyMap, error) {
	f, ok := s.functions[token]
	if !ok {
		return nil, fmt.Errorf("the simulator does not have the function %s; it has %s", token, strings.Join(slices.Sorted(maps.Keys(s.functions)), ", "))
	}
	out, err := f(s.account, args.Mappable())
	if err != nil {
		return nil, fmt.Errorf("invoking %s: 1 error occurred:\n\t* %w", token, err)
	}
	return resource.NewPropertyMapFromMap(plain(out)), nil
}

// plain turns typed slices into what property values are made from.
func plain(in values) values {
	for key, v := range in {
		if list, ok := v.([]values); ok {
			all := make([]any, len(list))
			for i, e := range list {
				all[i] = e
			}
			in[key] = all
		}
	}
	return in
}
