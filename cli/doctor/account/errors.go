package account

import (
	"errors"
	"fmt"

	"github.com/aws/smithy-go"

	"github.com/talmolab/lablink-infrastructure/cli/doctor"
)

// meanings are what AWS's codes say, whichever service they come from.
var meanings = map[string]meaning{
	"AccessDenied": denied, "AccessDeniedException": denied, "UnauthorizedOperation": denied, "AuthorizationError": denied,

	"InvalidAMIID.NotFound": missing, "InvalidAMIID.Malformed": missing, "InvalidAMIID.Unavailable": missing,
	"InvalidInstanceType": missing, "InvalidSubnetID.NotFound": missing, "ParameterNotFound": missing,
	"NoSuchHostedZone": missing, "NoSuchEntity": missing, "NoSuchBucket": missing, "NoSuchKey": missing,

	"ExpiredToken": expired, "ExpiredTokenException": expired, "RequestExpired": expired,

	"InvalidClientTokenId": refused, "UnrecognizedClientException": refused, "AuthFailure": refused,
	"SignatureDoesNotMatch": refused, "InvalidAccessKeyId": refused, "InvalidSignatureException": refused,

	"PermanentRedirect": refused, "AuthorizationHeaderMalformed": refused, // of buckets elsewhere

	"NotFoundException": refused, "DisabledException": refused, "KMSInvalidStateException": refused, // of KMS's keys
	"InvalidCiphertextException": refused, "IncorrectKeyException": refused,
	"KMS.NotFoundException": refused, "KMS.DisabledException": refused, "KMS.KMSInvalidStateException": refused, // through S3
}

type meaning int

const (
	denied meaning = iota + 1
	missing
	expired
	refused
)

// explain says what an error means for a call that takes a right.
func explain(right string, err error) error {
	if err == nil {
		return nil
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return fmt.Errorf("ask AWS (%s): %w", right, err)
	}
	said := fmt.Errorf("answered by AWS: %s: %s", api.ErrorCode(), api.ErrorMessage())
	switch meanings[api.ErrorCode()] {
	case denied:
		return &doctor.Denied{Right: right}
	case missing:
		return fmt.Errorf("%s: %w", api.ErrorMessage(), doctor.ErrMissing)
	case expired:
		return &doctor.Refused{Expired: true, Err: said}
	case refused:
		return &doctor.Refused{Err: said}
	}
	return fmt.Errorf("%s: %w", right, said)
}
