package sts

import (
	"regexp"
	"strings"
)

// authorization is the header of that name, taken apart.
type authorization struct {
	key, date, region string
	signed            []string // the names of the headers that the signature covers
	signature         string
}

// authorizationForm is the one form that is accepted, which is the AWS SDK's.
// AWS takes others too: but two texts with one signature would be two proofs,
// and a parameter that is there twice might be read differently at STS.
var authorizationForm = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=(\w{16,128})/([0-9]{8})/([a-z0-9-]+)/sts/aws4_request, SignedHeaders=([a-z0-9-]+(?:;[a-z0-9-]+)*), Signature=([0-9a-f]{64})$`)

func parseAuthorization(header string) (authorization, bool) {
	m := authorizationForm.FindStringSubmatch(header)
	if m == nil {
		return authorization{}, false
	}
	return authorization{key: m[1], date: m[2], region: m[3], signed: strings.Split(m[4], ";"), signature: m[5]}, true
}

// String is the header as STS is sent it: made of what was read and checked, so
// that STS is asked about nothing else.
func (a authorization) String() string {
	return "AWS4-HMAC-SHA256 Credential=" + a.key + "/" + a.date + "/" + a.region + "/sts/aws4_request, SignedHeaders=" +
		strings.Join(a.signed, ";") + ", Signature=" + a.signature
}
