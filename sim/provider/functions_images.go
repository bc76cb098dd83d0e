package provider

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// ami finds an image by its id.
func ami(a *account, in values) (values, error) {
	found, err := images(a, in)
	if err != nil {
		return nil, err
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("Your query returned no results. Please change your search criteria and try again.")
	case 1:
		i := found[0]
		return values{
			"id": i.ID, "imageId": i.ID, "name": i.Name, "architecture": i.Architecture, "ownerId": i.OwnerID,
			"creationDate": i.CreationDate, "arn": "arn:aws:ec2:" + a.Region() + "::image/" + i.ID, "state": "available",
			"rootDeviceName": "/dev/xvda", "rootDeviceType": "ebs", "virtualizationType": "hvm", "public": i.OwnerID != a.ID(), "tags": i.Tags,
			"blockDeviceMappings": []values{{"deviceName": "/dev/xvda", "noDevice": "", "virtualName": "", "ebs": values{
				"volume_size": strconv.Itoa(i.RootGiB), "volume_type": "gp3", "delete_on_termination": "true", "encrypted": "false",
			}}},
		}, nil
	}
	return nil, fmt.Errorf("Your query returned more than one result. Please try a more specific search criteria, or set `most_recent` attribute to true.")
}

// amiIDs lists images, the newest first.
func amiIDs(a *account, in values) (values, error) {
	if owners, _ := in["owners"].([]any); len(owners) == 0 {
		return nil, fmt.Errorf("expected owners to have at least 1 item(s)")
	}
	found, err := images(a, in)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(found, func(x, y cloud.Image) int { return cmp.Compare(y.CreationDate, x.CreationDate) })
	ids := []any{}
	for _, i := range found {
		ids = append(ids, i.ID)
	}
	return values{"id": a.Region(), "ids": ids, "owners": in["owners"], "filters": in["filters"]}, nil
}

// images are those that owners and filters let through.
func images(a *account, in values) ([]cloud.Image, error) {
	for name := range in {
		if !slices.Contains([]string{"filters", "owners", "includeDeprecated"}, name) {
			return nil, fmt.Errorf("InvalidParameterValue: The simulator models filters and owners of images, not %s", name)
		}
	}
	found := a.Images()
	if owners, ok := in["owners"].([]any); ok {
		for _, o := range owners {
			if o != "self" {
				return nil, fmt.Errorf("InvalidUserID.Malformed: The simulator models the owner self, not '%v'", o)
			}
		}
		found = slices.DeleteFunc(found, func(i cloud.Image) bool { return i.OwnerID != a.ID() })
	}
	filters, _ := in["filters"].([]any)
	for _, f := range filters {
		filter, _ := f.(values)
		name := fmt.Sprint(filter["name"])
		if !cloud.ImageFilter(name) {
			return nil, fmt.Errorf("InvalidParameterValue: The filter '%s' is invalid (the simulator models image-id, state and tag:…)", name)
		}
		wanted, _ := filter["values"].([]any)
		found = slices.DeleteFunc(found, func(i cloud.Image) bool {
			return !slices.ContainsFunc(wanted, func(v any) bool { return i.Matches(name, fmt.Sprint(v)) })
		})
	}
	return found, nil
}
