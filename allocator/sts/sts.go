package sts

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// freshness is how old a proof may be, and how far the clocks may differ.
const freshness = 5 * time.Minute

// Verifier checks proofs for one allocator.
type Verifier struct {
	// Endpoint is the regional STS, for example https://sts.us-west-2.amazonaws.com.
	Endpoint string
	Region   string
	// Audience is what the proof must be made for.
	Audience string
	// AccountID is the account that the machines are in.
	AccountID string
	// HTTP sends the request.
	HTTP *http.Client
	// Now is the clock.
	Now func() time.Time
}

var _ allocator.Verifier = (*Verifier)(nil)

// accepted are the headers that a proof may hold. All but Authorization must be
// covered by the signature.
var accepted = []string{"Authorization", "Content-Type", "Host", "X-Amz-Content-Sha256", "X-Amz-Date", "X-Amz-Security-Token", api.AudienceHeader}

// required are those that the signature must cover in any case.
var required = []string{"Content-Type", "Host", "X-Amz-Date", api.AudienceHeader}

// Verify asks STS whose proof it is.
func (v *Verifier) Verify(ctx context.Context, p api.Proof) (instance, role string, err error) {
	endpoint, err := url.Parse(v.Endpoint)
	if err != nil {
		return "", "", fmt.Errorf("read the address of STS: %w", err)
	}
	if err := v.check(p, endpoint.Host); err != nil {
		return "", "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.Endpoint+"/", strings.NewReader(api.ProofBody))
	if err != nil {
		return "", "", fmt.Errorf("make the request to STS: %w", err)
	}
	for name, value := range p.Headers {
		if name != "Host" {
			req.Header.Set(name, value)
		}
	}
	res, err := v.HTTP.Do(req)
	if err != nil {
		return "", "", api.Problemf(api.Unavailable, "The proof cannot be checked now", "AWS STS does not answer: %s.", err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	if err != nil || res.StatusCode >= 500 {
		return "", "", api.Problemf(api.Unavailable, "The proof cannot be checked now", "AWS STS answered %s.", res.Status)
	}
	if res.StatusCode != http.StatusOK {
		return "", "", refused("AWS STS does not accept it (%s)", errorCode(raw))
	}
	return v.read(raw)
}

// check refuses a proof that STS need not see.
func (v *Verifier) check(p api.Proof, host string) error {
	for name := range p.Headers {
		if !slices.Contains(accepted, name) {
			return refused("it holds the header %s", name)
		}
	}
	signed := signedHeaders(p.Headers["Authorization"])
	for name := range p.Headers {
		if name != "Authorization" && !slices.Contains(signed, strings.ToLower(name)) {
			return refused("the signature does not cover %s", name)
		}
	}
	for _, name := range required {
		if !slices.Contains(signed, strings.ToLower(name)) {
			return refused("the signature does not cover %s", name)
		}
	}
	at, err := time.Parse("20060102T150405Z", p.Headers["X-Amz-Date"])
	switch {
	case p.Headers[api.AudienceHeader] != v.Audience:
		return refused("it was made for %q, not for this allocator", p.Headers[api.AudienceHeader])
	case p.Headers["Host"] != host:
		return refused("it was made for %q, not for STS at %s", p.Headers["Host"], host)
	case p.Headers["Content-Type"] != api.ProofContentType:
		return refused("its content type is %q", p.Headers["Content-Type"])
	case !strings.Contains(p.Headers["Authorization"], "/"+v.Region+"/sts/aws4_request"):
		return refused("it was not signed for STS in %s", v.Region)
	case err != nil || v.Now().Sub(at).Abs() > freshness:
		return refused("it was made at %q, which is more than %s from now; is the machine's clock right?", p.Headers["X-Amz-Date"], freshness)
	}
	return nil
}

func signedHeaders(authorization string) []string {
	_, rest, _ := strings.Cut(authorization, "SignedHeaders=")
	list, _, _ := strings.Cut(rest, ",")
	return strings.Split(strings.TrimSpace(list), ";")
}

var (
	assumedRole = regexp.MustCompile(`^arn:aws[a-z-]*:sts::([0-9]{12}):assumed-role/([\w+=,.@-]+)/(i-[0-9a-f]{8,17})$`)
	stsError    = regexp.MustCompile(`<Code>(\w+)</Code>`)
)

// read takes account, role and instance from STS's answer.
func (v *Verifier) read(raw []byte) (instance, role string, err error) {
	var answer struct {
		Arn     string `xml:"GetCallerIdentityResult>Arn"`
		Account string `xml:"GetCallerIdentityResult>Account"`
	}
	if err := xml.Unmarshal(raw, &answer); err != nil {
		return "", "", api.Problemf(api.Unavailable, "The proof cannot be checked now", "AWS STS gave an answer that cannot be read: %s.", err)
	}
	parts := assumedRole.FindStringSubmatch(answer.Arn)
	switch {
	case parts == nil:
		return "", "", refused("it is of %s, which is no instance", answer.Arn)
	case answer.Account != v.AccountID || parts[1] != v.AccountID:
		return "", "", refused("it is of account %s, not of this deployment's", answer.Account)
	}
	return parts[3], parts[2], nil
}

func errorCode(raw []byte) string {
	if m := stsError.FindSubmatch(raw); m != nil {
		return string(m[1])
	}
	return "without a code"
}

func refused(format string, args ...any) error {
	return api.Problemf(api.Forbidden, "The proof is not good", "%s.", fmt.Sprintf(format, args...))
}
