package cloud

import (
	"errors"
	"fmt"
)

// Error is a refusal as AWS words it.
type Error struct {
	Code    string
	Message string
	Status  int // the HTTP status it travels with
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func refuse(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Status: 400}
}

func refuseStatus(status int, code, format string, args ...any) *Error {
	e := refuse(code, format, args...)
	e.Status = status
	return e
}

// IsNotFound reports whether err says that the thing asked for does not exist.
func IsNotFound(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	return notFound[e.Code]
}

var notFound = map[string]bool{
	"NoSuchEntity": true, "NoSuchBucket": true, "NoSuchKey": true, "ParameterNotFound": true,
	"NotFoundException": true, "NoSuchHostedZone": true, "NoSuchRecord": true,
	"NoSuchConfiguration": true,
	"81044":               true, "1014": true,
	"InvalidVpcID.NotFound": true, "InvalidSubnetID.NotFound": true,
	"InvalidInternetGatewayID.NotFound": true, "InvalidRouteTableID.NotFound": true,
	"InvalidRoute.NotFound": true, "InvalidAssociationID.NotFound": true,
	"InvalidVpcEndpointId.NotFound": true, "InvalidGroup.NotFound": true,
	"InvalidSecurityGroupRuleId.NotFound": true, "InvalidInstanceID.NotFound": true,
	"InvalidAllocationID.NotFound": true, "InvalidVolume.NotFound": true,
	"InvalidNetworkInterfaceID.NotFound": true, "NatGatewayNotFound": true,
	"InvalidAttachment.NotFound": true, "InvalidLaunchTemplateId.NotFound": true,
	"DBSubnetGroupNotFoundFault": true, "DBParameterGroupNotFound": true, "DBInstanceNotFound": true,
	"ResourceNotFoundException": true, "NotFound": true, "ResourceNotFound": true,
}
