package provider

import (
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// routeID reads rtb-…_10.0.0.0/16.
func routeID(_ *account, id string) string {
	if table, destination, ok := strings.Cut(id, "_"); ok {
		return cloud.RouteID(table, destination)
	}
	return id
}

// associationID reads subnet-…/rtb-….
func associationID(a *account, id string) string {
	if subnet, table, ok := strings.Cut(id, "/"); ok {
		return a.AssociationOf(subnet, table)
	}
	return id
}

// attachmentID reads /dev/sdf:vol-…:i-….
func attachmentID(_ *account, id string) string {
	if part := strings.Split(id, ":"); len(part) == 3 {
		return cloud.AttachmentID(part[0], part[2], part[1])
	}
	return id
}
