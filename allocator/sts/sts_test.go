package sts_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
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
	instance, role, err := w.Verify(t.Context(), w.prove(t, w.credentials(t), "lablink/d/e"))
	require.NoError(t, err)
	require.Equal(t, w.instance, instance)
	require.Equal(t, "client-gpu", role)
}

func TestAProofThatWasTamperedWithIsRefused(t *testing.T) {
	w := newWorld(t)
	good := w.prove(t, w.credentials(t), "lablink/d/e")
	for name, change := range map[string]func(api.Proof){
		"another audience": func(p api.Proof) { p.Headers[api.AudienceHeader] = "lablink/x/y" },
		"another date":     func(p api.Proof) { p.Headers["X-Amz-Date"] = w.now.Add(time.Minute).UTC().Format("20060102T150405Z") },
		"another signature": func(p api.Proof) {
			p.Headers["Authorization"] = p.Headers["Authorization"][:20] + "0" + p.Headers["Authorization"][21:]
		},
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
			_, _, err := w.Verify(t.Context(), p)
			require.Equal(t, api.Forbidden, api.CodeOf(err), "%v", err)
		})
	}
}

func TestAProofForAnotherAllocatorIsRefused(t *testing.T) {
	w := newWorld(t)
	_, _, err := w.Verify(t.Context(), w.prove(t, w.credentials(t), "lablink/other/e"))
	require.Equal(t, api.Forbidden, api.CodeOf(err))
	require.ErrorContains(t, err, "not for this allocator")
}

func TestAnOldProofIsRefused(t *testing.T) {
	w := newWorld(t)
	p := w.prove(t, w.credentials(t), "lablink/d/e")
	w.now = w.now.Add(6 * time.Minute)
	_, _, err := w.Verify(t.Context(), p)
	require.Equal(t, api.Forbidden, api.CodeOf(err))
	require.ErrorContains(t, err, "clock")
}

func TestOnlyAnInstanceProvesAnInstance(t *testing.T) {
	w := newWorld(t)
	developer, _ := w.account.Credential(cloud.DeveloperKey)
	session, err := w.account.AssumeRole(developer.Principal, "client-gpu", "by-hand")
	require.NoError(t, err)
	for name, c := range map[string]cloud.Credential{"a user": developer, "a session that is named otherwise": session} {
		_, _, err := w.Verify(t.Context(), w.prove(t, c, "lablink/d/e"))
		require.Equal(t, api.Forbidden, api.CodeOf(err), name)
		require.ErrorContains(t, err, "which is no instance", name)
	}
	w.AccountID = "999999999999"
	_, _, err = w.Verify(t.Context(), w.prove(t, w.credentials(t), "lablink/d/e"))
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
	_, _, err := w.Verify(t.Context(), p)
	require.Equal(t, api.Unavailable, api.CodeOf(err))
	down.Close()
	_, _, err = w.Verify(t.Context(), p)
	require.Equal(t, api.Unavailable, api.CodeOf(err))
}
