package quotas_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/quotas"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/wire"
)

// world is a simulated account, and a time.
type world struct {
	*cloud.Account
	now    time.Time
	subnet string
	config aws.Config
}

func newWorld(t *testing.T) *world {
	t.Helper()
	a, err := cloud.Open(cloud.Options{Dir: t.TempDir(), Architecture: "x86_64"})
	require.NoError(t, err)
	server := httptest.NewServer(wire.NewServer(a, time.Now))
	t.Cleanup(server.Close)
	vpc := &cloud.VPC{CidrBlock: "10.0.0.0/16"}
	require.NoError(t, a.CreateVPC(vpc))
	subnet := &cloud.Subnet{VPCID: vpc.ID, CidrBlock: "10.0.0.0/24"}
	require.NoError(t, a.CreateSubnet(subnet))
	w := &world{Account: a, now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), subnet: subnet.ID}
	w.config = as(server.URL, aws.Credentials{AccessKeyID: cloud.DeveloperKey, SecretAccessKey: cloud.DeveloperSecret})
	return w
}

func as(url string, keys aws.Credentials) aws.Config {
	return aws.Config{
		Region: "us-west-2", BaseEndpoint: aws.String(url), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return keys, nil }),
	}
}

// runs adds an instance that somebody runs.
func (w *world) runs(t *testing.T, kind, profile string) *cloud.Instance {
	t.Helper()
	i := &cloud.Instance{InstanceType: kind, AMI: "ami-051700000000000a1", SubnetID: w.subnet, IAMInstanceProfile: profile}
	require.NoError(t, w.CreateInstance(i))
	return i
}

func TestAQuotaIsToldWithWhatOfItIsUsed(t *testing.T) {
	w := newWorld(t)
	w.runs(t, "g5.xlarge", "")
	w.runs(t, "g4dn.xlarge", "")
	w.runs(t, "t3.small", "") // another quota's
	q := quotas.New(w.config, func() time.Time { return w.now })
	got, err := q.Quota(t.Context(), "g5.xlarge", false)
	require.NoError(t, err)
	require.Equal(t, allocator.Quota{Name: "G and VT", Code: "L-DB2E81BA", VCPUs: 256, Used: 8, Each: 4}, got)
	got, err = q.Quota(t.Context(), "g6.xlarge", true)
	require.NoError(t, err)
	require.Equal(t, allocator.Quota{Name: "G and VT, spot", Code: "L-3819A6DF", VCPUs: 256, Each: 4}, got)

	require.NoError(t, w.SetFaults(cloud.Faults{Quotas: map[string]float64{"L-DB2E81BA": 8}}))
	got, err = q.Quota(t.Context(), "g4dn.xlarge", false)
	require.NoError(t, err)
	require.Equal(t, []int{256, 4}, []int{got.VCPUs, got.Each}, "asked just now")
	w.now = w.now.Add(time.Minute)
	got, err = q.Quota(t.Context(), "g5.xlarge", false)
	require.NoError(t, err)
	require.Equal(t, 8, got.VCPUs)
	_, err = q.Quota(t.Context(), "sim.small", false)
	require.Equal(t, api.Unavailable, api.CodeOf(err))
}

func TestWhatTheRoleMayNotAskForIsToldInWords(t *testing.T) {
	w := newWorld(t)
	w.config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIANOBODY", SecretAccessKey: "none"}, nil
	})
	q := quotas.New(w.config, func() time.Time { return w.now })
	_, err := q.Quota(t.Context(), "g5.xlarge", false)
	require.ErrorContains(t, err, "AWS did not tell it")
	require.ErrorContains(t, err, "asked again in a minute")
	require.NotContains(t, strings.ToLower(err.Error()), "requestid", "an instructor reads it")

	require.NoError(t, w.CreateRole(&cloud.Role{Name: "host", AssumeRolePolicy: trust}))
	require.NoError(t, w.CreateInstanceProfile(&cloud.InstanceProfile{Name: "host", Role: "host"}))
	i := w.runs(t, "t3.small", "host")
	_, c, err := w.InstanceCredentials(i.ID)
	require.NoError(t, err)
	w.config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: c.AccessKey, SecretAccessKey: c.Secret, SessionToken: c.Token}, nil
	})
	q = quotas.New(w.config, func() time.Time { return w.now })
	for _, missing := range []string{"servicequotas:GetServiceQuota", "ec2:DescribeInstances", "ec2:DescribeInstanceTypes"} {
		w.now = w.now.Add(time.Hour)
		_, err = q.Quota(t.Context(), "g5.xlarge", false)
		require.Equal(t, api.Forbidden, api.CodeOf(err), "%v", err)
		require.ErrorContains(t, err, "may not ask for it ("+missing+")")
		require.NoError(t, w.PutRolePolicy(&cloud.RolePolicy{Name: missing[len(missing)-5:], Role: "host", Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + missing + `","Resource":"*"}]}`}))
	}
	w.now = w.now.Add(time.Hour)
	_, err = q.Quota(t.Context(), "g5.xlarge", false)
	require.NoError(t, err)
}

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}]}`
