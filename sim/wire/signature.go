package wire

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// maxBody bounds a request, in bytes.
const maxBody = 128 << 20

// timeFormat is how X-Amz-Date is written.
const timeFormat = "20060102T150405Z"

// call is a request whose signature was found right.
type call struct {
	*http.Request
	service string
	body    []byte
	who     cloud.Principal
}

// authorization is the parsed header of that name.
type authorization struct {
	key, date, region, service string
	headers                    []string
	signature                  string
}

func parseAuthorization(value string) (authorization, bool) {
	var a authorization
	rest, ok := strings.CutPrefix(value, "AWS4-HMAC-SHA256 ")
	if !ok {
		return a, false
	}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(rest, ",") {
		name, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		if seen[name] {
			return a, false // it could be read in two ways
		}
		seen[name] = true
		switch name {
		case "Credential":
			scope := strings.Split(v, "/")
			if len(scope) != 5 || scope[4] != "aws4_request" {
				return a, false
			}
			a.key, a.date, a.region, a.service = scope[0], scope[1], scope[2], scope[3]
		case "SignedHeaders":
			a.headers = strings.Split(v, ";")
		case "Signature":
			a.signature = v
		}
	}
	return a, a.key != "" && a.signature != "" && slices.Contains(a.headers, "host")
}

// Service is the service that a request is signed for, before anything about
// the signature is known.
func Service(r *http.Request) string {
	if isPresigned(r) {
		return "s3"
	}
	a, _ := parseAuthorization(r.Header.Get("Authorization"))
	return a.service
}

// verify checks who signed a request (AWS Signature Version 4).
func (s *Server) verify(r *http.Request) (call, *cloud.Error) {
	if isPresigned(r) {
		return s.verifyPresigned(r)
	}
	c := call{Request: r}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return c, &cloud.Error{Code: "RequestTimeout", Message: err.Error(), Status: 400}
	}
	c.body = body
	if r.Header.Get("Authorization") == "" {
		return c, &cloud.Error{Code: "MissingAuthenticationToken", Message: "Request is missing Authentication Token", Status: 403}
	}
	a, ok := parseAuthorization(r.Header.Get("Authorization"))
	if !ok {
		return c, &cloud.Error{Code: "IncompleteSignature", Message: "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders' parameters.", Status: 403}
	}
	c.service = a.service
	if e := s.checkTime(r, a); e != nil {
		return c, e
	}
	credential, known := s.account.Credential(a.key)
	if !known {
		return c, &cloud.Error{Code: "InvalidClientTokenId", Message: "The security token included in the request is invalid.", Status: 403}
	}
	if e := s.checkToken(r, a, credential); e != nil {
		return c, e
	}
	hash, e := payloadHash(r, a, body)
	if e != nil {
		return c, e
	}
	if !hmac.Equal([]byte(a.signature), []byte(sign(r, a, hash, credential.Secret))) {
		return c, &cloud.Error{Code: "SignatureDoesNotMatch", Message: "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.", Status: 403}
	}
	c.who = credential.Principal
	return c, nil
}

func (s *Server) checkTime(r *http.Request, a authorization) *cloud.Error {
	signed, err := time.Parse(timeFormat, r.Header.Get("X-Amz-Date"))
	if err != nil || signed.Format("20060102") != a.date || !slices.Contains(a.headers, "x-amz-date") {
		return &cloud.Error{Code: "IncompleteSignature", Message: "Date in Credential scope does not match X-Amz-Date, or it is not signed", Status: 403}
	}
	if age := s.now().Sub(signed); age > 15*time.Minute || age < -15*time.Minute {
		return &cloud.Error{Code: "SignatureDoesNotMatch", Message: "Signature expired: " + signed.Format(timeFormat) + " is now earlier than " + s.now().UTC().Add(-15*time.Minute).Format(timeFormat) + " (it is " + s.now().UTC().Format(timeFormat) + " now)", Status: 403}
	}
	region := s.account.Region()
	switch a.service {
	case "iam", "route53":
		region = globalRegion
	case "pricing":
		region = pricingRegion
	}
	if a.region != region {
		return &cloud.Error{Code: "SignatureDoesNotMatch", Message: "Credential should be scoped to a valid region.", Status: 403}
	}
	return nil
}

func (s *Server) checkToken(r *http.Request, a authorization, c cloud.Credential) *cloud.Error {
	token := r.Header.Get("X-Amz-Security-Token")
	switch {
	case !hmac.Equal([]byte(token), []byte(c.Token)):
		return &cloud.Error{Code: "InvalidClientTokenId", Message: "The security token included in the request is invalid.", Status: 403}
	case token != "" && !slices.Contains(a.headers, "x-amz-security-token"):
		return &cloud.Error{Code: "AccessDenied", Message: "There were headers present in the request which were not signed", Status: 403}
	case c.Token != "" && s.now().After(c.Expires):
		return &cloud.Error{Code: "ExpiredToken", Message: "The security token included in the request is expired", Status: 403}
	}
	return nil
}

// payloadHash is what the signature says of the body.
func payloadHash(r *http.Request, a authorization, body []byte) (string, *cloud.Error) {
	sum := sha256.Sum256(body)
	actual := hex.EncodeToString(sum[:])
	if a.service != "s3" {
		return actual, nil
	}
	switch claimed := r.Header.Get("X-Amz-Content-Sha256"); claimed {
	case actual, "UNSIGNED-PAYLOAD":
		return claimed, nil
	case "":
		return "", &cloud.Error{Code: "InvalidRequest", Message: "Missing required header for this request: x-amz-content-sha256", Status: 400}
	}
	return "", &cloud.Error{Code: "XAmzContentSHA256Mismatch", Message: "The provided 'x-amz-content-sha256' header does not match what was computed.", Status: 400}
}

func sign(r *http.Request, a authorization, payload, secret string) string {
	var canonical bytes.Buffer
	path := r.URL.EscapedPath()
	if a.service != "s3" { // every service but S3 escapes the path once more
		path = strings.ReplaceAll(url.PathEscape(path), "%2F", "/")
	}
	if path == "" {
		path = "/"
	}
	canonical.WriteString(r.Method + "\n" + path + "\n")
	canonical.WriteString(strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20") + "\n")
	for _, name := range a.headers {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = r.Header.Get("Content-Length")
			if value == "" {
				value = lengthOf(r)
			}
		}
		canonical.WriteString(name + ":" + strings.Join(strings.Fields(value), " ") + "\n")
	}
	canonical.WriteString("\n" + strings.Join(a.headers, ";") + "\n" + payload)

	scope := a.date + "/" + a.region + "/" + a.service + "/aws4_request"
	sum := sha256.Sum256(canonical.Bytes())
	text := "AWS4-HMAC-SHA256\n" + r.Header.Get("X-Amz-Date") + "\n" + scope + "\n" + hex.EncodeToString(sum[:])
	key := []byte("AWS4" + secret)
	for _, part := range []string{a.date, a.region, a.service, "aws4_request"} {
		key = mac(key, part)
	}
	return hex.EncodeToString(mac(key, text))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
