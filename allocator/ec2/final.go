package ec2

import (
	"errors"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/talmolab/lablink-infrastructure/api"
)

// passing are the codes of refusals that end by themselves, where a call was not at
// fault: of too many calls, of credentials until they are renewed, and of a clock.
var passing = slices.Concat(
	slices.Collect(maps.Keys(retry.DefaultThrottleErrorCodes)), slices.Collect(maps.Keys(retry.DefaultRetryableErrorCodes)),
	[]string{"ExpiredToken", "RequestExpired", "SignatureDoesNotMatch"},
)

// The statuses of HTTP that say so.
const timedOut, tooMany = 408, 429

// final reports whether EC2 has refused a call itself, so that the same call again is
// refused again.
func final(err error) bool {
	var e smithy.APIError
	var answer *smithyhttp.ResponseError
	if !errors.As(err, &e) || !errors.As(err, &answer) || slices.Contains(passing, e.ErrorCode()) {
		return false
	}
	status := answer.HTTPStatusCode()
	return status >= 400 && status < 500 && status != timedOut && status != tooMany
}

// unknownRefusal is one that the table of meanings does not have.
type unknownRefusal struct{ error }

func (u unknownRefusal) Unwrap() error { return u.error }

// refusedLaunch words an error of CreateFleet. A refusal that is not known, too, is one
// of the launch as it was asked for.
func refusedLaunch(err error) error {
	worded := explain(err)
	if api.CodeOf(worded) != "" || !final(err) {
		return worded
	}
	var e smithy.APIError
	errors.As(err, &e)
	return unknownRefusal{api.Problemf(api.Invalid, "AWS refuses", "AWS does not launch machines as the pool is set: %s (%s).", e.ErrorMessage(), e.ErrorCode())}
}
