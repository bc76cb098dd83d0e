package wire

import (
	"crypto/hmac"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// presigned are the parameters of an address that is signed for a while.
var presigned = []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Security-Token"}

func isPresigned(r *http.Request) bool { return r.URL.Query().Has("X-Amz-Signature") }

// verifyPresigned checks who signed the address of a request for S3. The parameters
// that say so are taken off it.
func (s *Server) verifyPresigned(r *http.Request) (call, *cloud.Error) {
	c := call{Request: r, service: "s3"}
	refused := func(code, message string) (call, *cloud.Error) {
		return c, &cloud.Error{Code: code, Message: message, Status: 403}
	}
	q := r.URL.Query()
	a, ok := parseAuthorization("AWS4-HMAC-SHA256 Credential=" + q.Get("X-Amz-Credential") + ", SignedHeaders=" + q.Get("X-Amz-SignedHeaders") + ", Signature=" + q.Get("X-Amz-Signature"))
	signed, err := time.Parse(timeFormat, q.Get("X-Amz-Date"))
	lasts, unread := strconv.Atoi(q.Get("X-Amz-Expires"))
	if !ok || err != nil || unread != nil || q.Get("X-Amz-Algorithm") != "AWS4-HMAC-SHA256" || a.service != "s3" || signed.Format("20060102") != a.date {
		return refused("AuthorizationQueryParametersError", "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
	}
	if age := s.now().Sub(signed); age < -15*time.Minute || age > time.Duration(lasts)*time.Second {
		return refused("AccessDenied", "Request has expired")
	}
	credential, known := s.account.Credential(a.key)
	switch {
	case !known || !hmac.Equal([]byte(q.Get("X-Amz-Security-Token")), []byte(credential.Token)):
		return refused("InvalidToken", "The provided token is malformed or otherwise invalid.")
	case credential.Token != "" && s.now().After(credential.Expires):
		return refused("ExpiredToken", "The provided token has expired.")
	}
	signature := q.Get("X-Amz-Signature")
	q.Del("X-Amz-Signature")
	as := r.Clone(r.Context())
	as.URL.RawQuery = q.Encode()
	as.Header.Set("X-Amz-Date", signed.Format(timeFormat))
	if !hmac.Equal([]byte(signature), []byte(sign(as, a, "UNSIGNED-PAYLOAD", credential.Secret))) {
		return refused("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.")
	}
	if c.body, err = io.ReadAll(io.LimitReader(r.Body, maxBody)); err != nil {
		return c, &cloud.Error{Code: "RequestTimeout", Message: err.Error(), Status: 400}
	}
	for name := range q {
		for _, of := range presigned {
			if strings.EqualFold(name, of) {
				q.Del(name)
			}
		}
	}
	r.URL.RawQuery = q.Encode()
	c.who = credential.Principal
	return c, nil
}
