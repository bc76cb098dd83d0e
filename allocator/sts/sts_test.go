package sts_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/identity"
	"github.com/talmolab/lablink-infrastructure/allocator/sts"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/wire"
)

// world is a simulated STS that checks signatures, a machine in its account, and
// a verifier.
type world struct {
	*sts.Verifier
	account  *cloud.Account
	instance string
	now      time.Time
}

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"},{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{now: time.Now()}
	var err error
	w.account, err = cloud.Open(cloud.Options{Dir: t.TempDir(), Architecture: "x86_64"})
	require.NoError(t, err)
	server := httptest.NewServer(wire.NewServer(w.account, func() time.Time { return w.now }))
	t.Cleanup(server.Close)
	w.Verifier = &sts.Verifier{
		Endpoint: server.URL, Region: "us-west-2", Audience: "lablink/d/e", AccountID: w.account.ID(),
		HTTP: server.Client(), Now: func() time.Time { return w.now },
	}
	vpc := &cloud.VPC{CidrBlock: "10.0.0.0/16"}
	require.NoError(t, w.account.CreateVPC(vpc))
	subnet := &cloud.Subnet{VPCID: vpc.ID, CidrBlock: "10.0.0.0/24"}
	require.NoError(t, w.account.CreateSubnet(subnet))
	require.NoError(t, w.account.CreateRole(&cloud.Role{Name: "client-gpu", AssumeRolePolicy: trust}))
	require.NoError(t, w.account.CreateInstanceProfile(&cloud.InstanceProfile{Name: "client-gpu", Role: "client-gpu"}))
	i := &cloud.Instance{AMI: "ami-051700000000000a2", InstanceType: "sim.gpu", SubnetID: subnet.ID, IAMInstanceProfile: "client-gpu"}
	require.NoError(t, w.account.CreateInstance(i))
	w.instance = i.ID
	return w
}

// prove makes a proof the way the agent does.
func (w *world) prove(t *testing.T, c cloud.Credential, audience string) api.Proof {
	t.Helper()
	p := &identity.Prover{
		Region: w.Region, Endpoint: w.Endpoint, Audience: audience, Now: func() time.Time { return w.now },
		Credentials: staticCredentials(c),
	}
	proof, err := p.Prove(t.Context())
	require.NoError(t, err)
	return proof
}

func (w *world) credentials(t *testing.T) cloud.Credential {
	t.Helper()
	_, c, err := w.account.InstanceCredentials(w.instance)
	require.NoError(t, err)
	return c
}

func staticCredentials(c cloud.Credential) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: c.AccessKey, SecretAccessKey: c.Secret, SessionToken: c.Token}, nil
	})
}

func TestAMachineProvesWhichInstanceItIs(t *testing.T) {
	w := newWorld(t)
	proof := w.prove(t, w.credentials(t), "lablink/d/e")
	proven, err := w.Verify(t.Context(), proof)
	require.NoError(t, err)
	require.Equal(t, w.instance, proven.Instance)
	require.Equal(t, "client-gpu", proven.Role)
	require.Len(t, proven.Signature, 64)
	require.True(t, strings.HasSuffix(proof.Headers["Authorization"], "Signature="+proven.Signature))
}

// Were a proof to count in two ways of writing, it would count twice.
func TestAProofIsWrittenInOneWayOnly(t *testing.T) {
	w := newWorld(t)
	good := w.prove(t, w.credentials(t), "lablink/d/e")
	for name, change := range map[string]func(string) string{
		"more white space":   func(a string) string { return strings.ReplaceAll(a, ", ", ",  ") },
		"less white space":   func(a string) string { return strings.ReplaceAll(a, ", ", ",") },
		"a space at the end": func(a string) string { return a + " " },
		"a tab at the start": func(a string) string { return "\t" + a },
		"a line at the end":  func(a string) string { return a + "\n" },
		"one more parameter": func(a string) string { return a + ", Extra=1" },
		"capital digits": func(a string) string {
			at := strings.LastIndex(a, "=") + 1
			return a[:at] + strings.ToUpper(a[at:])
		},
		"its parameters in another order": func(a string) string {
			scheme, rest, _ := strings.Cut(a, " ")
			parts := strings.Split(rest, ", ")
			return scheme + " " + strings.Join([]string{parts[2], parts[0], parts[1]}, ", ")
		},
		"the signed headers twice": func(a string) string {
			return strings.Replace(a, ", SignedHeaders=", ", SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-lablink-audience, SignedHeaders=", 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := api.Proof{Headers: maps.Clone(good.Headers)}
			p.Headers["Authorization"] = change(p.Headers["Authorization"])
			_, err := w.Verify(t.Context(), p)
			require.Equal(t, api.Forbidden, api.CodeOf(err), "%v", err)
			require.ErrorContains(t, err, "not written as")
		})
	}
	_, err := w.Verify(t.Context(), good)
	require.NoError(t, err)
}

// Of two lists of signed headers the verifier could read one, and STS the other:
// then a signature that never covered the audience would count.
func TestAnAudienceThatWasNeverSignedIsRefused(t *testing.T) {
	w := newWorld(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.Endpoint+"/", nil)
	require.NoError(t, err)
	req.Header.Set("Content-Type", api.ProofContentType)
	sum := sha256.Sum256([]byte(api.ProofBody))
	c := w.credentials(t)
	require.NoError(t, v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: c.AccessKey, SecretAccessKey: c.Secret, SessionToken: c.Token},
		req, hex.EncodeToString(sum[:]), "sts", w.Region, w.now))
	p := api.Proof{Headers: map[string]string{"Host": req.URL.Host, api.AudienceHeader: w.Audience}}
	for name := range req.Header {
		p.Headers[name] = req.Header.Get(name)
	}
	_, err = w.Verify(t.Context(), p)
	require.Equal(t, api.Forbidden, api.CodeOf(err), "%v", err)
	claim := "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-lablink-audience, "
	p.Headers["Authorization"] = strings.Replace(p.Headers["Authorization"], "SignedHeaders=", claim+"SignedHeaders=", 1)
	_, err = w.Verify(t.Context(), p)
	require.Equal(t, api.Forbidden, api.CodeOf(err), "%v", err)
}

func TestSTSIsNotFollowedElsewhere(t *testing.T) {
	w := newWorld(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the proof went elsewhere") }))
	t.Cleanup(elsewhere.Close)
	s := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(s.Close)
	p := w.prove(t, w.credentials(t), "lablink/d/e")
	p.Headers["Host"] = strings.TrimPrefix(s.URL, "http://")
	w.Endpoint = s.URL
	_, err := w.Verify(t.Context(), p)
	require.Equal(t, api.Unavailable, api.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "307")
}

func TestAProofThatWasTamperedWithIsRefused(t *testing.T) {
	w := newWorld(t)
	good := w.prove(t, w.credentials(t), "lablink/d/e")
	for name, change := range map[string]func(api.Proof){
		"another audience": func(p api.Proof) { p.Headers[api.AudienceHeader] = "lablink/x/y" },
		"another date":     func(p api.Proof) { p.Headers["X-Amz-Date"] = w.now.Add(time.Minute).UTC().Format("20060102T150405Z") },
		"another signature": func(p api.Proof) {
			a := p.Headers["Authorization"]
			other := "0"
			if strings.HasSuffix(a, other) {
				other = "1"
			}
			p.Headers["Authorization"] = a[:len(a)-1] + other
		},
		"a line in a header":        func(p api.Proof) { p.Headers["X-Amz-Security-Token"] += "\nx: y" },
		"more than ASCII":           func(p api.Proof) { p.Headers["X-Amz-Security-Token"] += "é" },
		"a byte that is no text":    func(p api.Proof) { p.Headers["X-Amz-Security-Token"] += "\xff" },
		"another token":             func(p api.Proof) { p.Headers["X-Amz-Security-Token"] += "x" },
		"no token":                  func(p api.Proof) { delete(p.Headers, "X-Amz-Security-Token") },
		"another host":              func(p api.Proof) { p.Headers["Host"] = "sts.example.org" },
		"no audience":               func(p api.Proof) { delete(p.Headers, api.AudienceHeader) },
		"one more header":           func(p api.Proof) { p.Headers["X-Forwarded-Host"] = "sts.example.org" },
		"a header that is unsigned": func(p api.Proof) { p.Headers["X-Amz-Content-Sha256"] = strings.Repeat("0", 64) },
		"nothing":                   func(p api.Proof) { clear(p.Headers) },
		"the audience not signed": func(p api.Proof) {
			p.Headers["Authorization"] = strings.ReplaceAll(p.Headers["Authorization"], ";x-lablink-audience", "")
		},
		"a signature for S3 instead": func(p api.Proof) {
			p.Headers["Authorization"] = strings.ReplaceAll(p.Headers["Authorization"], "/sts/", "/s3/")
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := api.Proof{Headers: maps.Clone(good.Headers)}
			change(p)
			_, err := w.Verify(t.Context(), p)
			require.Equal(t, api.Forbidden, api.CodeOf(err), "%v", err)
		})
	}
}

func TestAProofForAnotherAllocatorIsRefused(t *testing.T) {
	w := newWorld(t)
	_, err := w.Verify(t.Context(), w.prove(t, w.credentials(t), "lablink/other/e"))
	require.Equal(t, api.Forbidden, api.CodeOf(err))
	require.ErrorContains(t, err, "not for this allocator")
}

func TestAnOldProofIsRefused(t *testing.T) {
	w := newWorld(t)
	p := w.prove(t, w.credentials(t), "lablink/d/e")
	w.now = w.now.Add(6 * time.Minute)
	_, err := w.Verify(t.Context(), p)
	require.Equal(t, api.Forbidden, api.CodeOf(err))
	require.ErrorContains(t, err, "clock")
}

func TestOnlyAnInstanceProvesAnInstance(t *testing.T) {
	w := newWorld(t)
	developer, _ := w.account.Credential(cloud.DeveloperKey)
	session, err := w.account.AssumeRole(developer.Principal, "client-gpu", "by-hand")
	require.NoError(t, err)
	for name, c := range map[string]cloud.Credential{"a user": developer, "a session that is named otherwise": session} {
		_, err := w.Verify(t.Context(), w.prove(t, c, "lablink/d/e"))
		require.Equal(t, api.Forbidden, api.CodeOf(err), name)
		require.ErrorContains(t, err, "which is no instance", name)
	}
	w.AccountID = "999999999999"
	_, err = w.Verify(t.Context(), w.prove(t, w.credentials(t), "lablink/d/e"))
	require.Equal(t, api.Forbidden, api.CodeOf(err))
	require.ErrorContains(t, err, "not of this deployment's")
}

func TestTroubleAtSTSIsNotTheMachinesFault(t *testing.T) {
	w := newWorld(t)
	p := w.prove(t, w.credentials(t), "lablink/d/e")
	down := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(down.Close)
	p.Headers["Host"] = strings.TrimPrefix(down.URL, "http://")
	w.Endpoint = down.URL
	_, err := w.Verify(t.Context(), p)
	require.Equal(t, api.Unavailable, api.CodeOf(err))
	down.Close()
	_, err = w.Verify(t.Context(), p)
	require.Equal(t, api.Unavailable, api.CodeOf(err))
}
