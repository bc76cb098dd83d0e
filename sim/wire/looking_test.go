package wire_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/wire"
)

func roles(c aws.Config) *iam.Client {
	return iam.NewFromConfig(c, func(o *iam.Options) { o.Region = "us-east-1" })
}

func TestARolesTrustIsReadAndChanged(t *testing.T) {
	w := newWorld(t)
	client := roles(w.developer())
	trust := func() string {
		out, err := client.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("client")})
		require.NoError(t, err)
		document, err := url.QueryUnescape(*out.Role.AssumeRolePolicyDocument)
		require.NoError(t, err)
		return document
	}
	require.JSONEq(t, ec2Trust, trust())
	other := strings.ReplaceAll(ec2Trust, "ec2.", "dlm.")
	_, err := client.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("client"), PolicyDocument: &other})
	require.NoError(t, err)
	require.JSONEq(t, other, trust())
	_, err = client.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("client"), PolicyDocument: aws.String("{}")})
	require.Equal(t, "MalformedPolicyDocument", code(t, err))
	_, err = client.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("none")})
	require.Equal(t, "NoSuchEntity", code(t, err))
	_, err = client.ListUsers(t.Context(), nil)
	require.Equal(t, "InvalidAction", code(t, err))

	p := &cloud.OIDCProvider{URL: "https://token.example.org", ClientIDLists: []string{"sts.amazonaws.com"}}
	require.NoError(t, w.CreateOIDCProvider(p))
	out, err := client.GetOpenIDConnectProvider(t.Context(), &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &p.ARN})
	require.NoError(t, err)
	require.Equal(t, "token.example.org", *out.Url)
	require.Equal(t, []string{"sts.amazonaws.com"}, out.ClientIDList)
	_, err = client.GetOpenIDConnectProvider(t.Context(), &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(p.ARN + "x")})
	require.Equal(t, "NoSuchEntity", code(t, err))
}

func TestAQuotaIsWhatAFaultMakesItAndAddressesKeepTheirs(t *testing.T) {
	w := newWorld(t)
	client := servicequotas.NewFromConfig(w.developer())
	quota := func(code string) (float64, error) {
		out, err := client.GetServiceQuota(t.Context(), &servicequotas.GetServiceQuotaInput{ServiceCode: aws.String("ec2"), QuotaCode: &code})
		if err != nil {
			return 0, err
		}
		return *out.Quota.Value, nil
	}
	value, err := quota("L-DB2E81BA")
	require.NoError(t, err)
	require.InDelta(t, 256, value, 0)
	require.NoError(t, w.SetFaults(cloud.Faults{Quotas: map[string]float64{"L-DB2E81BA": 8, "L-0263D0A3": 1}}))
	value, err = quota("L-DB2E81BA")
	require.NoError(t, err)
	require.InDelta(t, 8, value, 0)
	_, err = quota("L-00000000")
	require.Equal(t, "NoSuchResourceException", code(t, err))
	require.Error(t, w.SetFaults(cloud.Faults{Quotas: map[string]float64{"L-00000000": 1}}))

	require.NoError(t, w.CreateEIP(&cloud.EIP{Tagged: cloud.Tagged{Tags: map[string]string{"lablink:deployment": "d"}}}))
	require.ErrorContains(t, w.CreateEIP(&cloud.EIP{}), "AddressLimitExceeded")
	out, err := ec2.NewFromConfig(w.developer()).DescribeAddresses(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, out.Addresses, 1)
	require.Equal(t, "lablink:deployment", *out.Addresses[0].Tags[0].Key)
}

func TestARegionTellsItsTypesZonesAndSubnets(t *testing.T) {
	w := newWorld(t)
	client := ec2.NewFromConfig(w.developer())
	regions, err := client.DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{AllRegions: aws.Bool(true), RegionNames: []string{"us-west-2"}})
	require.NoError(t, err)
	require.Equal(t, "opt-in-not-required", *regions.Regions[0].OptInStatus)
	_, err = client.DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{RegionNames: []string{"us-moon-1"}})
	require.Equal(t, "InvalidParameterValue", code(t, err))

	kinds, err := client.DescribeInstanceTypes(t.Context(), &ec2.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{"g5.xlarge"}})
	require.NoError(t, err)
	require.EqualValues(t, 4, *kinds.InstanceTypes[0].VCpuInfo.DefaultVCpus)
	offers, err := client.DescribeInstanceTypeOfferings(t.Context(), &ec2.DescribeInstanceTypeOfferingsInput{
		LocationType: types.LocationTypeAvailabilityZone, Filters: []types.Filter{{Name: aws.String("instance-type"), Values: []string{"g5g.xlarge", "none"}}},
	})
	require.NoError(t, err)
	require.Len(t, offers.InstanceTypeOfferings, 1, "of one type in one zone")
	require.Equal(t, "us-west-2c", *offers.InstanceTypeOfferings[0].Location)
	_, err = client.DescribeInstanceTypeOfferings(t.Context(), nil)
	require.Equal(t, "InvalidParameterValue", code(t, err))

	subnets, err := client.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{SubnetIds: w.subnet[:]})
	require.NoError(t, err)
	require.Equal(t, "us-west-2b", *subnets.Subnets[1].AvailabilityZone)
	_, err = client.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{SubnetIds: []string{"subnet-00000000000000000"}})
	require.Equal(t, "InvalidSubnetID.NotFound", code(t, err))
}

func TestAnImageOfTheAccountIsDeregisteredAndOneOfOthersIsNot(t *testing.T) {
	w := newWorld(t)
	client := ec2.NewFromConfig(w.developer())
	_, err := client.DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: aws.String("ami-0d12a364000000001")})
	require.Equal(t, "AuthFailure", code(t, err))
	own := aws.String("ami-051700000000000a2")
	_, err = client.DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: own})
	require.NoError(t, err)
	_, err = client.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{*own}})
	require.Equal(t, "InvalidAMIID.NotFound", code(t, err))
	_, err = client.DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: own})
	require.Equal(t, "InvalidAMIID.NotFound", code(t, err))
}

func TestZonesAreListedFromANameOn(t *testing.T) {
	w := &world{}
	var err error
	w.Account, err = cloud.Open(cloud.Options{Dir: t.TempDir(), Architecture: "x86_64", Zones: []string{"example.org", "lab.example.org", "example.com", "example.org"}})
	require.NoError(t, err)
	server := httptest.NewServer(wire.NewServer(w.Account, time.Now))
	t.Cleanup(server.Close)
	w.url = server.URL
	client := names(w.developer())
	list := func(from string) (out []string) {
		page, err := client.ListHostedZonesByName(t.Context(), &route53.ListHostedZonesByNameInput{DNSName: &from})
		require.NoError(t, err)
		require.False(t, page.IsTruncated)
		for _, z := range page.HostedZones {
			out = append(out, *z.Name)
		}
		return out
	}
	require.Equal(t, []string{"example.org.", "example.org.", "lab.example.org."}, list("example.org"))
	require.Equal(t, []string{"lab.example.org."}, list("lab.example.org"))
	require.Equal(t, []string{"example.com.", "example.org.", "example.org.", "lab.example.org."}, list("a.com"))
	one, err := client.GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: aws.String(w.ZonesNamed("example.com")[0].ID)})
	require.NoError(t, err)
	require.Equal(t, "example.com.", *one.HostedZone.Name)
	require.Len(t, one.DelegationSet.NameServers, 4)
	_, err = client.GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: aws.String("Z0")})
	require.Equal(t, "NoSuchHostedZone", code(t, err))
}

func TestABucketSaysWhetherItKeepsVersions(t *testing.T) {
	w := newWorld(t)
	dev, machine := bucketOf(t, w)
	out, err := dev.GetBucketVersioning(t.Context(), &s3.GetBucketVersioningInput{Bucket: aws.String("data")})
	require.NoError(t, err)
	require.Empty(t, out.Status)
	v := &cloud.BucketVersioning{Bucket: "data"}
	v.VersioningConfiguration.Status = "Enabled"
	require.NoError(t, w.PutBucketSetting(v))
	out, err = dev.GetBucketVersioning(t.Context(), &s3.GetBucketVersioningInput{Bucket: aws.String("data")})
	require.NoError(t, err)
	require.EqualValues(t, "Enabled", out.Status)
	_, err = dev.GetBucketVersioning(t.Context(), &s3.GetBucketVersioningInput{Bucket: aws.String("none")})
	require.Equal(t, "NoSuchBucket", code(t, err))
	_, err = machine.GetBucketVersioning(t.Context(), &s3.GetBucketVersioningInput{Bucket: aws.String("data")})
	require.Equal(t, "AccessDenied", code(t, err))
}

// What looks at an account takes rights of its own.
func TestARoleLooksAtNothingThatItMayNot(t *testing.T) {
	w := newWorld(t)
	_, c := w.machine(t)
	as := w.config(c.AccessKey, c.Secret, c.Token)
	for right, do := range map[string]func() error{
		"ec2:DescribeRegions":   func() error { _, err := ec2.NewFromConfig(as).DescribeRegions(t.Context(), nil); return err },
		"ec2:DescribeAddresses": func() error { _, err := ec2.NewFromConfig(as).DescribeAddresses(t.Context(), nil); return err },
		"ec2:DescribeSubnets":   func() error { _, err := ec2.NewFromConfig(as).DescribeSubnets(t.Context(), nil); return err },
		"ec2:DescribeInstanceTypeOfferings": func() error {
			_, err := ec2.NewFromConfig(as).DescribeInstanceTypeOfferings(t.Context(), nil)
			return err
		},
		"ec2:DeregisterImage": func() error {
			_, err := ec2.NewFromConfig(as).DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: aws.String("ami-051700000000000a2")})
			return err
		},
		"iam:GetRole": func() error {
			_, err := roles(as).GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("client")})
			return err
		},
		"servicequotas:GetServiceQuota": func() error {
			_, err := servicequotas.NewFromConfig(as).GetServiceQuota(t.Context(), &servicequotas.GetServiceQuotaInput{ServiceCode: aws.String("ec2"), QuotaCode: aws.String("L-DB2E81BA")})
			return err
		},
		"route53:ListHostedZonesByName": func() error {
			_, err := names(as).ListHostedZonesByName(t.Context(), &route53.ListHostedZonesByNameInput{})
			return err
		},
	} {
		require.ErrorContains(t, do(), "is not authorized to perform: "+right, right)
	}
}

func TestCloudflareAnswersItsTokenAndNobodyElse(t *testing.T) {
	a, err := cloud.Open(cloud.Options{Dir: t.TempDir(), Architecture: "x86_64", CloudflareZones: []string{"example.org"}})
	require.NoError(t, err)
	zone := a.CloudflareZonesNamed("example.org")[0].ID
	require.NoError(t, a.CreateCloudflareRecord(&cloud.CloudflareRecord{ZoneID: zone, Name: "lab", Type: "A", Content: "192.0.2.1", TTL: 300}))
	server := wire.NewCloudflare(a)
	for _, c := range []struct {
		path, token string
		status      int
		says        string
	}{
		{"zones?name=example.org", cloud.CloudflareToken, 200, zone},
		{"zones?name=other.org", cloud.CloudflareToken, 200, `"result":[]`},
		{"zones/" + zone, cloud.CloudflareToken, 200, `"name":"example.org"`},
		{"zones/" + zone + "/dns_records?per_page=1", cloud.CloudflareToken, 200, `"name":"lab.example.org"`},
		{"zones/0/dns_records?per_page=1", cloud.CloudflareToken, 404, "7003"},
		{"zones/0", cloud.CloudflareToken, 404, "7003"},
		{"zones?page=2", cloud.CloudflareToken, 400, "does not model the parameter page"},
		{"accounts", cloud.CloudflareToken, 404, "does not have GET"},
		{"zones/" + zone, "another", 403, "9109"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, wire.CloudflarePath+c.path, nil)
		r.Header.Set("Authorization", "Bearer "+c.token)
		out := httptest.NewRecorder()
		server.ServeHTTP(out, r)
		require.Equal(t, c.status, out.Code, c.path)
		require.Contains(t, out.Body.String(), c.says, c.path)
		require.True(t, json.Valid(out.Body.Bytes()), c.path)
	}
}
