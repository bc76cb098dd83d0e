package preview_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/price"
	"github.com/talmolab/lablink-infrastructure/cli/preview"
)

func TestWhatIsBilledByTheHourIsInTheSum(t *testing.T) {
	instance := func(kind string) map[string]any {
		return map[string]any{"instanceType": kind, "rootBlockDevice": map[string]any{"volumeSize": 16}}
	}
	for name, c := range map[string]struct {
		typ           string
		before, after map[string]any
		says          string
	}{
		"an address":       {"aws:ec2/eip:Eip", nil, map[string]any{}, "$0.00 → **$3.65** (+$3.65)"},
		"a NAT gateway":    {"aws:ec2/natGateway:NatGateway", nil, map[string]any{}, "$0.00 → **$32.85** (+$32.85)"},
		"a load balancer":  {"aws:lb/loadBalancer:LoadBalancer", nil, map[string]any{"subnets": []any{"a", "b"}}, "$0.00 → **$23.73** (+$23.73)"},
		"an internal one":  {"aws:lb/loadBalancer:LoadBalancer", nil, map[string]any{"subnets": []any{"a", "b"}, "internal": true}, "$0.00 → **$16.43**"},
		"a larger host":    {"aws:ec2/instance:Instance", instance("t4g.small"), instance("t4g.large"), "$13.54 → **$50.34** (+$36.79)"},
		"a smaller volume": {"aws:ebs/volume:Volume", map[string]any{"size": 40}, map[string]any{"size": 20}, "$3.20 → **$1.60** (−$1.60)"},
		"a database with a standby": {"aws:rds/instance:Instance", nil,
			map[string]any{"instanceClass": "db.t4g.micro", "multiAz": true, "allocatedStorage": 20, "manageMasterUserPassword": true}, "**$28.36**"},
	} {
		op := "update"
		if c.before == nil {
			op = "create"
		}
		assert.Contains(t, comment(t, events(step(t, op, c.typ, "x", c.before, c.after))), c.says, name)
	}
}

func TestSeveralHostsAreCountedByTheirTemplate(t *testing.T) {
	template := map[string]any{
		"instanceType": "t4g.small", "networkInterfaces": []any{map[string]any{"associatePublicIpAddress": "true"}},
		"blockDeviceMappings": []any{map[string]any{"ebs": map[string]any{"volumeSize": 16}}},
	}
	c := comment(t, events(
		step(t, "same", "aws:ec2/launchTemplate:LaunchTemplate", "host-template", template, template),
		step(t, "update", "aws:autoscaling/group:Group", "host-instances", map[string]any{"desiredCapacity": 2}, map[string]any{"desiredCapacity": 3}, "desiredCapacity"),
	))
	assert.Contains(t, c, "$34.39 → **$51.58** (+$17.19)")
	assert.Contains(t, c, "3 × instance t4g.small, 48 GiB of gp3 volume, 3 × public IPv4 address")
	assert.NotContains(t, c, "Cost of machines", "hosts are no pool")
}

func TestWhatHasNoKnownPriceIsSaidAndNotFree(t *testing.T) {
	c := comment(t, events(step(t, "create", "aws:ec2/instance:Instance", "h", nil, map[string]any{"instanceType": "z9.huge"}),
		step(t, "create", "aws:ec2/launchTemplate:LaunchTemplate", "pool-odd-template", nil, map[string]any{"instanceType": "z9.huge"})))
	assert.Contains(t, c, "Not known, and not in the sums: instance z9.huge (`h`).")
	assert.Contains(t, c, "| odd | z9.huge | – | not known | not known |")

	c = comment(t, events(step(t, "create", "aws:ebs/volume:Volume", "v", nil, map[string]any{"size": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}),
		step(t, "create", "aws:lb/loadBalancer:LoadBalancer", "l", nil, map[string]any{"subnets": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"})))
	assert.Contains(t, c, "Not known, and not in the sums: gp3 volume (`v`), public IPv4 address (`l`).")

	c = comment(t, events(step(t, "create", "aws:lambda/function:Function", "f", nil, map[string]any{}),
		step(t, "create", "aws:ec2/vpcEndpoint:VpcEndpoint", "e", nil, map[string]any{"vpcEndpointType": "Interface"}), step(t, "create", "aws:ec2/vpcEndpoint:VpcEndpoint", "s3", nil, map[string]any{}),
		step(t, "create", "aws:s3/bucketV2:BucketV2", "b", nil, map[string]any{}), step(t, "create", "random:index/randomId:RandomId", "r", nil, map[string]any{})))
	assert.Contains(t, c, "Not known, and not in the sums: ec2 VpcEndpoint (`e`), lambda Function (`f`).")

	elsewhere := strings.Replace(events(step(t, "create", "aws:ec2/eip:Eip", "h", nil, map[string]any{})), "us-west-2", "ap-south-2", 1)
	c = comment(t, elsewhere)
	assert.Contains(t, c, "Not known, and not in the sums: public IPv4 address (`h`).")
	assert.Contains(t, c, "traffic to internet (price not known)")
}

func TestMachinesOfPoolsAreTheSettingsOwn(t *testing.T) {
	raw := strings.Replace(events(step(t, "delete", "aws:ec2/launchTemplate:LaunchTemplate", "pool-old-template", map[string]any{"instanceType": "g5.xlarge"}, nil),
		step(t, "same", "aws:ec2/launchTemplate:LaunchTemplate", "pool-gpu-template", map[string]any{"instanceType": "g4dn.xlarge"}, map[string]any{"instanceType": "g4dn.xlarge"})),
		`"lablink:deployment"`, `"lablink:pools":"[{\"name\":\"gpu\",\"maxMachines\":10,\"market\":\"spot\"}]","lablink:deployment"`, 1)
	p, err := preview.Read(strings.NewReader(raw))
	require.NoError(t, err)
	require.Len(t, p.Machines(price.Quote{}), 2)
	c := comment(t, raw)
	assert.Contains(t, c, "| gpu | g4dn.xlarge, at most: the spot market asks less | $0.53 | $0.53 | $5.26 for 10 |")
	assert.Contains(t, c, "| old | g5.xlarge | $1.01 | – | – |")
}

// priced is what a source says of each thing.
type priced map[price.Thing]price.Price

func (p priced) Prices(context.Context, string, []price.Thing) (map[price.Thing]price.Price, error) {
	return p, errors.New("AWS did not tell all prices (the price list refuses with AccessDeniedException)")
}

func TestTheCommentSaysOfEachPriceWhoseItIs(t *testing.T) {
	raw := events(step(t, "create", "aws:ec2/instance:Instance", "h", nil, map[string]any{"instanceType": "t4g.small", "rootBlockDevice": map[string]any{"volumeSize": 10}}),
		step(t, "create", "aws:ec2/launchTemplate:LaunchTemplate", "pool-gpu-template", nil, map[string]any{"instanceType": "g5.xlarge"}))
	raw = strings.Replace(raw, `"lablink:deployment"`, `"lablink:pools":"[{\"name\":\"gpu\",\"maxMachines\":4,\"market\":\"spot-then-on-demand\",\"instanceTypes\":[\"g5.xlarge\",\"g6.xlarge\",\"z9.huge\"]}]","lablink:deployment"`, 1)
	p, err := preview.Read(strings.NewReader(raw))
	require.NoError(t, err)

	c := p.Comment("test", price.Ask(t.Context(), p.Region(), p.Things(), price.Table{}))
	assert.Contains(t, c, "\n\nPrices are those on demand, for Linux, in USD and without tax, from LabLink's table of June 2025.\n")
	assert.NotContains(t, c, "Those of")
	assert.Contains(t, c, "| gpu | g5.xlarge, at most: the spot market asks less; or g6.xlarge for $0.80, z9.huge (price not known) | – | $1.01 | $4.02 for 4 |")

	const list, market = price.Origin("AWS's price list as of 2026-11-29"), price.Origin("EC2's spot market as of 2026-11-29")
	live := priced{
		price.Instance("t4g.small"): {USD: 0.02, Per: price.Hour, From: list}, price.Volume: {USD: 0.1, Per: price.GiBMonth, From: list}, price.Instance("g5.xlarge"): {USD: 2, Per: price.Hour, From: list},
		price.PublicAddress: {USD: 0.005, Per: price.Hour, From: list}, price.Bucket: {USD: 0.02, Per: price.GiBMonth, From: list}, price.Spot("g5.xlarge"): {USD: 0.5, Per: price.Hour, From: market},
	}
	c = p.Comment("test", price.Ask(t.Context(), p.Region(), p.Things(), live, price.Table{}))
	assert.Contains(t, c, "$0.00 → **$15.60**")
	assert.Contains(t, c, "| gpu | g5.xlarge, at most: the spot market asks $0.50 now; or g6.xlarge for $0.80, z9.huge (price not known) | – | $2.00 | $8.00 for 4 |")
	assert.Contains(t, c, "in USD and without tax, from AWS's price list as of 2026-11-29. Those of instance g6.xlarge, traffic between zones, traffic to internet are from LabLink's table of June 2025. "+
		"Those of spot instance g5.xlarge are from EC2's spot market as of 2026-11-29. AWS did not tell all prices (the price list refuses with AccessDeniedException).\n")
}

func TestAVolumeIsPaidForWhatItDoesBeyondAnyOther(t *testing.T) {
	volume := func(kind string, iops, throughput float64) string {
		return comment(t, events(step(t, "create", "aws:ebs/volume:Volume", "v", nil, map[string]any{"size": 100, "type": kind, "iops": iops, "throughput": throughput})))
	}
	assert.Contains(t, volume("gp3", 3000, 125), "| `v` | $0.00 | $8.00 | 100 GiB of gp3 volume |")
	assert.Contains(t, volume("gp3", 4000, 225), "| `v` | $0.00 | $17.00 | 100 GiB of gp3 volume, 1000 × provisioned IOPS of gp3, 100 × provisioned MiB/s of gp3 |")
	assert.Contains(t, volume("io2", 4000, 0), "Not known, and not in the sums: io2 volume (`v`).")
}

func TestAPreviewThatTellsNoCostAsksForNoPrices(t *testing.T) {
	p, err := preview.Read(strings.NewReader(strings.Join([]string{prelude, step(t, "create", "aws:ec2/eip:Eip", "h", nil, map[string]any{}), failed}, "\n")))
	require.NoError(t, err)
	assert.Empty(t, p.Things())
}
