package account_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli/doctor"
	"github.com/talmolab/lablink-infrastructure/cli/doctor/account"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/wire"
)

const developer = "arn:aws:iam::123456789012:user/developer"

// world is a simulated account whose credentials are made some time ago.
type world struct {
	*cloud.Account
	url string
	ago time.Duration
}

func open(t *testing.T) *world {
	t.Helper()
	w := &world{}
	var err error
	w.Account, err = cloud.Open(cloud.Options{Dir: t.TempDir(), Architecture: "x86_64", Zones: []string{"example.org", "example.com", "example.com"}, Now: func() time.Time { return time.Now().Add(-w.ago) }})
	require.NoError(t, err)
	server := httptest.NewServer(wire.NewServer(w.Account, time.Now))
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

func (w *world) as(key, secret, token string) *account.Account {
	return account.New(aws.Config{
		Region: w.Region(), BaseEndpoint: aws.String(w.url), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: key, SecretAccessKey: secret, SessionToken: token}, nil
		}),
	})
}

func (w *world) developer() *account.Account {
	return w.as(cloud.DeveloperKey, cloud.DeveloperSecret, "")
}

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + developer + `"},"Action":"sts:AssumeRole"}]}`

// nobody is a role that may do nothing.
func (w *world) nobody(t *testing.T) (*account.Account, cloud.Credential) {
	t.Helper()
	require.NoError(t, w.CreateRole(&cloud.Role{Name: "nobody", AssumeRolePolicy: trust}))
	c, err := w.AssumeRole(cloud.Principal{ARN: developer}, "nobody", "me")
	require.NoError(t, err)
	return w.as(c.AccessKey, c.Secret, c.Token), c
}

func TestAnAccountIsSeenAsItIs(t *testing.T) {
	w, ctx := open(t), t.Context()
	a := w.developer()
	who, err := a.Identity(ctx)
	require.NoError(t, err)
	require.Equal(t, doctor.Identity{Account: "123456789012", ARN: developer}, who)
	optIn, err := a.OptIn(ctx)
	require.NoError(t, err)
	require.Equal(t, "opt-in-not-required", optIn)

	kind, err := a.Type(ctx, "t4g.small")
	require.NoError(t, err)
	require.Equal(t, doctor.Type{Architecture: "arm64", VCPUs: 2}, kind)
	offers, err := a.Offers(ctx, []string{"g5g.xlarge", "t2.small"})
	require.NoError(t, err)
	require.Equal(t, map[string][]string{"g5g.xlarge": {"us-west-2c"}, "t2.small": {"us-west-2a", "us-west-2b", "us-west-2c"}}, offers)
	image, err := a.Image(ctx, "ami-0d12a364000000001")
	require.NoError(t, err)
	require.Equal(t, "arm64", image)
	debian, err := a.Parameter(ctx, doctor.DebianParameter("arm64"))
	require.NoError(t, err)
	require.Equal(t, "ami-0d12a364000000001", debian)
	newest, err := a.Newest(ctx, "none")
	require.NoError(t, err)
	require.Empty(t, newest)
	quota, err := a.Quota(ctx, "L-0263D0A3")
	require.NoError(t, err)
	require.InDelta(t, 5, quota, 0)
	tags := map[string]string{"lablink:deployment": "lab"}
	require.NoError(t, w.CreateEIP(&cloud.EIP{Tagged: cloud.Tagged{Tags: tags}}))
	addresses, err := a.Addresses(ctx)
	require.NoError(t, err)
	require.Equal(t, []map[string]string{tags}, addresses)

	one := w.ZonesNamed("example.org")[0].ID
	ids, err := a.ZonesNamed(ctx, "example.org")
	require.NoError(t, err)
	require.Equal(t, []string{one}, ids)
	ids, err = a.ZonesNamed(ctx, "example.com")
	require.NoError(t, err)
	require.Len(t, ids, 2)
	ids, err = a.ZonesNamed(ctx, "lab.example.org")
	require.NoError(t, err)
	require.Empty(t, ids)
	name, err := a.Zone(ctx, one)
	require.NoError(t, err)
	require.Equal(t, "example.org", name)

	require.NoError(t, w.CreateRole(&cloud.Role{Name: "somebody", AssumeRolePolicy: trust}))
	document, err := a.Trust(ctx, "somebody")
	require.NoError(t, err)
	require.JSONEq(t, trust, document)
	p := &cloud.OIDCProvider{URL: "https://token.example.org", ClientIDLists: []string{"sts.amazonaws.com"}}
	require.NoError(t, w.CreateOIDCProvider(p))
	clients, err := a.Clients(ctx, p.ARN)
	require.NoError(t, err)
	require.Equal(t, []string{"sts.amazonaws.com"}, clients)
}

func TestSubnetsAreInZonesInTheOrderInWhichTheyAreNamed(t *testing.T) {
	w := open(t)
	vpc := &cloud.VPC{CidrBlock: "10.0.0.0/16"}
	require.NoError(t, w.CreateVPC(vpc))
	var ids []string
	for i, zone := range []string{"us-west-2b", "us-west-2a"} {
		s := &cloud.Subnet{VPCID: vpc.ID, CidrBlock: []string{"10.0.0.0/24", "10.0.1.0/24"}[i], AvailabilityZone: zone}
		require.NoError(t, w.CreateSubnet(s))
		ids = append(ids, s.ID)
	}
	zones, err := w.developer().SubnetZones(t.Context(), ids)
	require.NoError(t, err)
	require.Equal(t, []string{"us-west-2b", "us-west-2a"}, zones)
}

func TestABucketAndAKeyAreTried(t *testing.T) {
	w, ctx := open(t), t.Context()
	a := w.developer()
	require.NoError(t, w.CreateBucket(&cloud.Bucket{Bucket: "state"}))
	versions, err := a.Versioning(ctx, "state", "us-west-2")
	require.NoError(t, err)
	require.Empty(t, versions)
	require.ErrorIs(t, a.Object(ctx, "state", "us-west-2", ".pulumi/meta.yaml"), doctor.ErrMissing)
	require.NoError(t, w.PutObject(&cloud.Object{Bucket: "state", Key: ".pulumi/meta.yaml"}, strings.NewReader("version: 1")))
	require.NoError(t, a.Object(ctx, "state", "us-west-2", ".pulumi/meta.yaml"))

	k := &cloud.Key{}
	require.NoError(t, w.CreateKey(k))
	about := map[string]string{"stack": "test"}
	blob, _, err := w.Encrypt(k.ID, []byte("secret"), cloud.KeyUse{By: cloud.Principal{ARN: developer}, Context: about})
	require.NoError(t, err)
	require.NoError(t, a.Decrypt(ctx, k.ARN, "us-west-2", blob, about))
	var refused *doctor.Refused
	_, err = a.Versioning(ctx, "state", "eu-west-1")
	require.ErrorAs(t, err, &refused, "it is in another Region")
	require.ErrorAs(t, a.Decrypt(ctx, k.ARN, "us-west-2", blob, map[string]string{"stack": "prod"}), &refused)
	require.NoError(t, w.DeleteKey(k.ID))
	require.ErrorAs(t, a.Decrypt(ctx, k.ARN, "us-west-2", blob, about), &refused, "it is to be deleted")
}

func TestWhatIsNotThereIsMissing(t *testing.T) {
	w, ctx := open(t), t.Context()
	a := w.developer()
	for call, do := range map[string]func() error{
		"type":      func() error { _, err := a.Type(ctx, "x9.huge"); return err },
		"image":     func() error { _, err := a.Image(ctx, "ami-00000000"); return err },
		"parameter": func() error { _, err := a.Parameter(ctx, "/none"); return err },
		"subnet":    func() error { _, err := a.SubnetZones(ctx, []string{"subnet-00000000"}); return err },
		"zone":      func() error { _, err := a.Zone(ctx, "Z0"); return err },
		"bucket":    func() error { _, err := a.Versioning(ctx, "none", "us-west-2"); return err },
		"role":      func() error { _, err := a.Trust(ctx, "none"); return err },
		"provider": func() error {
			_, err := a.Clients(ctx, "arn:aws:iam::123456789012:oidc-provider/none")
			return err
		},
	} {
		require.ErrorIs(t, do(), doctor.ErrMissing, call)
	}
}

func TestARightThatIsMissingIsNamed(t *testing.T) {
	w, ctx := open(t), t.Context()
	require.NoError(t, w.CreateBucket(&cloud.Bucket{Bucket: "state"}))
	a, _ := w.nobody(t)
	for right, do := range map[string]func() error{
		"ec2:DescribeRegions":               func() error { _, err := a.OptIn(ctx); return err },
		"ec2:DescribeInstanceTypes":         func() error { _, err := a.Type(ctx, "t4g.small"); return err },
		"ec2:DescribeInstanceTypeOfferings": func() error { _, err := a.Offers(ctx, []string{"t4g.small"}); return err },
		"ec2:DescribeSubnets":               func() error { _, err := a.SubnetZones(ctx, []string{"subnet-00000000"}); return err },
		"ec2:DescribeImages":                func() error { _, err := a.Image(ctx, "ami-0d12a364000000001"); return err },
		"ec2:DescribeAddresses":             func() error { _, err := a.Addresses(ctx); return err },
		"ssm:GetParameter":                  func() error { _, err := a.Parameter(ctx, "/none"); return err },
		"servicequotas:GetServiceQuota":     func() error { _, err := a.Quota(ctx, "L-0263D0A3"); return err },
		"route53:ListHostedZonesByName":     func() error { _, err := a.ZonesNamed(ctx, "example.org"); return err },
		"route53:GetHostedZone":             func() error { _, err := a.Zone(ctx, w.ZonesNamed("example.org")[0].ID); return err },
		"s3:GetBucketVersioning on state":   func() error { _, err := a.Versioning(ctx, "state", "us-west-2"); return err },
		"iam:GetRole":                       func() error { _, err := a.Trust(ctx, "nobody"); return err },
	} {
		var denied *doctor.Denied
		require.ErrorAs(t, do(), &denied, right)
		require.Equal(t, right, denied.Right)
	}
}

func TestCredentialsThatExpiredAreToldFromThoseThatAreWrong(t *testing.T) {
	w := open(t)
	a, _ := w.nobody(t)
	_, err := a.Identity(t.Context())
	require.NoError(t, err, "everybody may ask who they are")
	var refused *doctor.Refused
	_, err = w.as(cloud.DeveloperKey, "wrong", "").Identity(t.Context())
	require.ErrorAs(t, err, &refused)
	require.False(t, refused.Expired)
	_, err = w.as("AKIANOBODY", "wrong", "").Identity(t.Context())
	require.ErrorAs(t, err, &refused)
	require.False(t, refused.Expired)

	w.ago = 7 * time.Hour // longer than a session lasts
	c, err := w.AssumeRole(cloud.Principal{ARN: developer}, "nobody", "me")
	require.NoError(t, err)
	_, err = w.as(c.AccessKey, c.Secret, c.Token).Identity(t.Context())
	require.ErrorAs(t, err, &refused)
	require.True(t, refused.Expired, "%v", err)
}
