package identity

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Prover is agent.Prover by an instance role.
type Prover struct {
	// Region is the AWS region whose STS is to check the proof, for example
	// "us-west-2".
	Region string
	// Endpoint is the address of that STS; see Endpoint.
	Endpoint string
	// Audience names the allocator that the proof is for; see api.Audience.
	Audience string
	// Credentials are the machine's; see Credentials.
	Credentials aws.CredentialsProvider
	// Now is the clock.
	Now func() time.Time
}

// Prove signs a GetCallerIdentity request. STS accepts it for a few minutes.
func (p *Prover) Prove(ctx context.Context) (api.Proof, error) {
	credentials, err := p.Credentials.Retrieve(ctx)
	if err != nil {
		return api.Proof{}, fmt.Errorf("get the machine's credentials: %w", err)
	}
	endpoint, err := url.Parse(p.Endpoint)
	if err != nil {
		return api.Proof{}, fmt.Errorf("read the address of STS: %w", err)
	}
	// The body is not attached, so that its length is not a signed header; its
	// hash is signed.
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint.Scheme+"://"+endpoint.Host+"/", nil)
	if err != nil {
		return api.Proof{}, fmt.Errorf("make a request to STS: %w", err)
	}
	req.Header.Set("Content-Type", api.ProofContentType)
	req.Header.Set(api.AudienceHeader, p.Audience)
	sum := sha256.Sum256([]byte(api.ProofBody))
	err = v4.NewSigner().SignHTTP(ctx, credentials, req, hex.EncodeToString(sum[:]), "sts", p.Region, p.Now())
	if err != nil {
		return api.Proof{}, fmt.Errorf("sign a request to STS: %w", err)
	}
	return api.Proof{Headers: headers(req)}, nil
}

// headers are all headers of a signed request, by canonical name.
func headers(req *http.Request) map[string]string {
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	out := map[string]string{"Host": host}
	for name := range req.Header {
		out[name] = req.Header.Get(name)
	}
	return out
}
