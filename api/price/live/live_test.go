package live_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/api/price"
	"github.com/talmolab/lablink-infrastructure/api/price/live"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/wire"
)

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

const list, market = price.Origin("AWS's price list as of 2026-11-29"), price.Origin("EC2's spot market as of 2026-11-29")

// patient is for who is to be answered, on a computer that is slow, too.
const patient = time.Minute

// account is a simulated one that answers at an address.
type account struct {
	*cloud.Account
	url string
}

func open(t *testing.T) account {
	t.Helper()
	a, err := cloud.Open(cloud.Options{Dir: t.TempDir(), Architecture: "x86_64"})
	require.NoError(t, err)
	server := httptest.NewServer(wire.NewServer(a, time.Now))
	t.Cleanup(server.Close)
	return account{a, server.URL}
}

// prices asks the account with a role's credentials; "" for the developer's.
func (a account) prices(t *testing.T, role string, patience time.Duration) *live.Prices {
	t.Helper()
	keys := aws.Credentials{AccessKeyID: cloud.DeveloperKey, SecretAccessKey: cloud.DeveloperSecret}
	if role != "" {
		vpc := &cloud.VPC{CidrBlock: "10.0.0.0/16"}
		require.NoError(t, a.CreateVPC(vpc))
		subnet := &cloud.Subnet{VPCID: vpc.ID, CidrBlock: "10.0.0.0/24"}
		require.NoError(t, a.CreateSubnet(subnet))
		i := &cloud.Instance{InstanceType: "sim.small", AMI: "ami-051700000000000a1", SubnetID: subnet.ID, IAMInstanceProfile: role}
		require.NoError(t, a.CreateInstance(i))
		_, c, err := a.InstanceCredentials(i.ID)
		require.NoError(t, err)
		keys = aws.Credentials{AccessKeyID: c.AccessKey, SecretAccessKey: c.Secret, SessionToken: c.Token}
	}
	return live.New(aws.Config{
		Region: "eu-north-1", BaseEndpoint: aws.String(a.url), RetryMaxAttempts: 1, // a Region that is nobody's here
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return keys, nil }),
	}, func() time.Time { return time.Date(2026, 11, 29, 23, 0, 0, 0, time.UTC) }, patience)
}

// The simulated price list holds beside each product those that are easily taken
// for it.
func TestEverythingIsFoundInAWSsPriceList(t *testing.T) {
	things := append(price.Things(), price.Instance("g5.xlarge"), price.Instance("t4g.small"), price.Database("db.t4g.micro"))
	found, err := open(t).prices(t, "", patient).Prices(t.Context(), "us-west-2", things)
	require.NoError(t, err)
	table := price.Ask(t.Context(), "us-west-2", things, price.Table{})
	for _, thing := range things {
		want, ok := table.Price(thing)
		require.True(t, ok, thing)
		assert.InDelta(t, want.USD, found[thing].USD, 1e-9, thing)
		assert.Equal(t, want.Per, found[thing].Per, thing)
		assert.Equal(t, list, found[thing].From, thing)
	}
}

func TestASpotPriceIsThatOfTheDearestZone(t *testing.T) {
	found, err := open(t).prices(t, "", patient).Prices(t.Context(), "us-west-2", []price.Thing{price.Spot("g5.xlarge"), price.Spot("g4dn.xlarge"), price.Spot("g5g.xlarge")})
	require.NoError(t, err)
	for kind, usd := range map[string]float64{"g5.xlarge": 1.006 * 0.34, "g4dn.xlarge": 0.526 * 0.34, "g5g.xlarge": 0.42 * 0.34} {
		assert.InDelta(t, usd, found[price.Spot(kind)].USD, 1e-6, kind)
		assert.Equal(t, market, found[price.Spot(kind)].From)
	}
}

func TestWhatAWSDoesNotHaveIsLeftToTheTable(t *testing.T) {
	things := []price.Thing{price.Volume, price.Database("db.t3.micro"), price.Instance("z9.huge"), price.Spot("z9.huge"), "a pony"}
	q := price.Ask(t.Context(), "us-west-2", things, open(t).prices(t, "", patient), price.Table{})
	assert.Empty(t, q.Refused())
	assert.Equal(t, []price.Part{{From: list, Things: []price.Thing{price.Volume}}, {From: price.TableOrigin, Things: []price.Thing{price.Database("db.t3.micro")}}}, q.Parts(things))
}

func TestARoleWithoutTheRightIsToldSoAndNothingOfTheAccount(t *testing.T) {
	a := open(t)
	require.NoError(t, a.CreateRole(&cloud.Role{Name: "looks", AssumeRolePolicy: trust}))
	require.NoError(t, a.PutRolePolicy(&cloud.RolePolicy{Name: "spot", Role: "looks", Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:DescribeSpotPriceHistory","Resource":"*"}]}`}))
	require.NoError(t, a.CreateInstanceProfile(&cloud.InstanceProfile{Name: "looks", Role: "looks"}))
	found, err := a.prices(t, "looks", patient).Prices(t.Context(), "us-west-2", []price.Thing{price.Volume, price.NAT, price.Spot("g5.xlarge")})
	require.EqualError(t, err, "AWS did not tell all prices (the price list refuses with AccessDeniedException)")
	assert.Len(t, found, 1)
	assert.Contains(t, found, price.Spot("g5.xlarge"))
}

func TestASlowPriceListIsNotWaitedFor(t *testing.T) {
	a := open(t)
	require.NoError(t, a.SetFaults(cloud.Faults{PricesHang: true}))
	// A clock would tell how fast this computer is: without patience this waits for
	// the test to be ended.
	for patience := time.Second; ; patience *= 4 {
		found, err := a.prices(t, "", patience).Prices(t.Context(), "us-west-2", append(price.Things(), price.Spot("g5.xlarge")))
		require.EqualError(t, err, fmt.Sprintf("AWS did not tell all prices (no answer within %s)", patience))
		if len(found) == 0 && patience < time.Minute {
			continue // EC2 did not answer in time here
		}
		assert.Len(t, found, 1)
		assert.Contains(t, found, price.Spot("g5.xlarge"))
		return
	}
}

func TestWithoutCredentialsOrAServerThatIsSaid(t *testing.T) {
	none := aws.Config{Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("not in any of nine places")
	})}
	for _, c := range []aws.Config{none, {}} {
		found, err := live.New(c, time.Now, patient).Prices(t.Context(), "us-west-2", []price.Thing{price.Volume})
		require.EqualError(t, err, "AWS was not asked for prices, as there are no credentials that it takes")
		assert.Empty(t, found)
	}

	a := open(t)
	a.url = "http://127.0.0.1:1"
	_, err := a.prices(t, "", patient).Prices(t.Context(), "us-west-2", []price.Thing{price.Volume, price.NAT})
	require.EqualError(t, err, "AWS did not tell all prices (the price list was not reached: dial tcp 127.0.0.1:1: connect: connection refused)")
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
