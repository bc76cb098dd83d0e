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
func (v *Verifier) Verify(ctx context.Context, p api.Proof) (allocator.Proven, error) {
	endpoint, err := url.Parse(v.Endpoint)
	if err != nil {
		return allocator.Proven{}, fmt.Errorf("read the address of STS: %w", err)
	}
	auth, ok := parseAuthorization(p.Headers["Authorization"])
	if !ok {
		return allocator.Proven{}, refused("its Authorization is not written as LabLink's agent writes it")
	}
	if err := v.check(p, auth, endpoint.Host); err != nil {
		return allocator.Proven{}, err
	}
	raw, err := v.ask(ctx, p, auth)
	if err != nil {
		return allocator.Proven{}, err
	}
	return v.read(raw, auth)
}

// ask sends the signed request to STS, and to no address that STS names.
func (v *Verifier) ask(ctx context.Context, p api.Proof, auth authorization) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.Endpoint+"/", strings.NewReader(api.ProofBody))
	if err != nil {
		return nil, fmt.Errorf("make the request to STS: %w", err)
	}
	for name, value := range p.Headers {
		if name != "Host" {
			req.Header.Set(name, value)
		}
	}
	req.Header.Set("Authorization", auth.String())
	client := *v.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	if err != nil {
		return nil, api.Problemf(api.Unavailable, "The proof cannot be checked now", "AWS STS does not answer: %s.", err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	switch {
	case err == nil && res.StatusCode == http.StatusOK:
		return raw, nil
	case err == nil && res.StatusCode >= 400 && res.StatusCode < 500:
		return nil, refused("AWS STS does not accept it (%s)", errorCode(raw))
	}
	return nil, api.Problemf(api.Unavailable, "The proof cannot be checked now", "AWS STS answered %s.", res.Status)
}

// check refuses a proof that STS need not see.
func (v *Verifier) check(p api.Proof, auth authorization, host string) error {
	for name, value := range p.Headers {
		switch {
		case !slices.Contains(accepted, name):
			return refused("it holds the header %q", name)
		case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }):
			return refused("its header %s holds more than printable ASCII", name)
		case name != "Authorization" && !slices.Contains(auth.signed, strings.ToLower(name)):
			return refused("the signature does not cover %s", name)
		}
	}
	for _, name := range required {
		if !slices.Contains(auth.signed, strings.ToLower(name)) {
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
	case auth.region != v.Region:
		return refused("it was not signed for STS in %s", v.Region)
	case err != nil || v.Now().Sub(at).Abs() > freshness:
		return refused("it was made at %q, which is more than %s from now; is the machine's clock right?", p.Headers["X-Amz-Date"], freshness)
	}
	return nil
}

var (
	assumedRole = regexp.MustCompile(`^arn:aws[a-z-]*:sts::([0-9]{12}):assumed-role/([\w+=,.@-]+)/(i-[0-9a-f]{8,17})$`)
	stsError    = regexp.MustCompile(`<Code>(\w+)</Code>`)
)

// read takes account, role and instance from STS's answer.
func (v *Verifier) read(raw []byte, auth authorization) (allocator.Proven, error) {
	var answer struct {
		Arn     string `xml:"GetCallerIdentityResult>Arn"`
		Account string `xml:"GetCallerIdentityResult>Account"`
	}
	if err := xml.Unmarshal(raw, &answer); err != nil {
		return allocator.Proven{}, api.Problemf(api.Unavailable, "The proof cannot be checked now", "AWS STS gave an answer that cannot be read: %s.", err)
	}
	parts := assumedRole.FindStringSubmatch(answer.Arn)
	switch {
	case parts == nil:
		return allocator.Proven{}, refused("it is of %s, which is no instance", answer.Arn)
	case answer.Account != v.AccountID || parts[1] != v.AccountID:
		return allocator.Proven{}, refused("it is of account %s, not of this deployment's", answer.Account)
	}
	return allocator.Proven{Instance: parts[3], Role: parts[2], Signature: auth.signature}, nil
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
