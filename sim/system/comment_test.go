package system

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/price"
	"github.com/talmolab/lablink-infrastructure/api/price/live"
	"github.com/talmolab/lablink-infrastructure/cli"
	"github.com/talmolab/lablink-infrastructure/cli/preview"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/launcher"
)

var update = flag.Bool("update", false, "write the comments in testdata anew")

// password is in the stack's settings, as a secret.
const password = "Pa55-of-nobody-else"

// reviewed is the stack test in a VPC that is there, deployed, and how a change to
// it is previewed.
type reviewed struct {
	*engine
	stack  launcher.Stack
	prices time.Duration // how long AWS may take for all of them
}

func review(t *testing.T) *reviewed {
	t.Helper()
	seed := filepath.Join(t.TempDir(), "seed.json")
	require.NoError(t, os.WriteFile(seed, []byte(`{"vpcs": [{"id": "vpc-0123456789abcdef0", "cidrBlock": "10.50.0.0/16"}],
		"subnets": [{"id": "subnet-0123456789abcdefa", "vpcId": "vpc-0123456789abcdef0", "cidrBlock": "10.50.0.0/24", "availabilityZone": "us-west-2a", "mapPublicIpOnLaunch": true},
			{"id": "subnet-0123456789abcdefb", "vpcId": "vpc-0123456789abcdef0", "cidrBlock": "10.50.1.0/24", "availabilityZone": "us-west-2b", "mapPublicIpOnLaunch": true}],
		"instanceTypes": [{"name": "t4g.large", "architecture": "arm64", "vcpus": 2, "memoryMiB": 8192}, {"name": "g5.2xlarge", "architecture": "x86_64", "vcpus": 8, "memoryMiB": 32768}]}`), 0o644))
	r := &reviewed{engine: start(t, "--seed", seed), prices: patience}
	r.stack = r.engine.stack(t, "test", append([]string{
		"  lablink:dns:", `  lablink:network: {vpcId: vpc-0123456789abcdef0, subnetIds: [subnet-0123456789abcdefa, subnet-0123456789abcdefb]}
  lablink:allocator: {instanceType: t4g.small, ami: ami-0d12a364000000001}
  lablink:alarms: {emails: [lab@example.org]}
  lablink:dns:`,
		"ssmParameter: /aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id", "id: ami-0d1a6000000000003",
	}, withoutRoles...)...)
	r.must(t, r.stack, "config", "set", "--secret", "lablink:adminPassword", password)
	r.up(t, r.stack)
	return r
}

// streams says whether a preview tells all that there is, or what changes alone.
func (r *reviewed) streams(is string) {
	r.Extra = []launcher.Variable{{Name: "PULUMI_ENABLE_STREAMING_JSON_PREVIEW", Value: is}}
}

// comment is what `lablink preview-comment` makes of a preview. Whether the engine
// finds that the stack could be deployed is told beside.
func (r *reviewed) comment(t *testing.T, flags ...string) (string, error) {
	t.Helper()
	return r.commentBy(t, "table", flags...)
}

// commentBy takes prices from the table, or from the simulated AWS.
func (r *reviewed) commentBy(t *testing.T, whose string, flags ...string) (string, error) {
	t.Helper()
	r.said.Reset()
	failed := r.Run(t.Context(), append([]string{"preview", "--json", "--stack", r.stack.Name, "--config-file", r.stack.File}, flags...)...)
	file := filepath.Join(t.TempDir(), "preview.json")
	require.NoError(t, os.WriteFile(file, []byte(r.said.String()), 0o600))
	out := &strings.Builder{}
	require.NoError(t, (&cli.PreviewCommentCommand{Stack: r.stack.Name, File: file, PriceFlag: cli.PriceFlag{Prices: whose}}).
		Run(t.Context(), &cli.Globals{Out: out, OpenPrices: r.openPrices}), r.said)
	comment := out.String()
	require.True(t, strings.HasPrefix(comment, preview.Marker(r.stack.Name)+"\n"), comment)
	require.LessOrEqual(t, len(comment), preview.Limit)
	require.NotContains(t, comment, password)
	return comment, failed
}

// openPrices asks the simulated AWS, on a day that stays the same.
func (r *reviewed) openPrices(context.Context) (price.Source, error) {
	return live.New(aws.Config{
		BaseEndpoint: aws.String(r.account.URL), Credentials: credentials.NewStaticCredentialsProvider(cloud.DeveloperKey, cloud.DeveloperSecret, ""),
	}, func() time.Time { return time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) }, r.prices), nil
}

// with changes the stack's file, or a source file of the copy, until the test ends.
func with(t *testing.T, file string, change ...string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.WriteFile(file, raw, 0o644)) })
	for i := 0; i < len(change); i += 2 {
		require.Contains(t, string(raw), change[i])
	}
	require.NoError(t, os.WriteFile(file, []byte(strings.NewReplacer(change...).Replace(string(raw))), 0o644))
}

// volatile is what is another one in each run.
var volatile = regexp.MustCompile(`[0-9a-f]{12}…|source-[0-9a-f]{12}|(sg|lt|vol|snap)-[0-9a-f]{17}`)

// golden holds a comment to the one in testdata.
func golden(t *testing.T, name, comment string) {
	t.Helper()
	comment = volatile.ReplaceAllString(comment, "VOLATILE")
	file := filepath.Join("testdata", "comments", strings.ReplaceAll(name, " ", "-")+".md")
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(comment), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), comment, "if that is meant: go test ./sim/system -run TestTheComment -update writes %s", file)
}

// A reviewer reads in one comment what a change does, as the engine finds it.
func TestTheCommentSaysTheRightThingOfEachChange(t *testing.T) {
	r := review(t)
	r.streams("true")
	source := func(name string) string { return filepath.Join(r.root, filepath.FromSlash(name)) }
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			for file, change := range c.source {
				with(t, source(file), change...)
			}
			if c.settings != nil {
				with(t, r.stack.File, c.settings...)
			}
			comment, failed := r.comment(t)
			assert.Equal(t, c.refused, failed != nil, "%v: %s", failed, r.said)
			for _, says := range c.says {
				assert.Contains(t, comment, says)
			}
			for _, never := range c.never {
				assert.NotContains(t, comment, never)
			}
			golden(t, c.name, comment)
		})
	}

	swapped := []string{"[subnet-0123456789abcdefa, subnet-0123456789abcdefb]", "[subnet-0123456789abcdefb, subnet-0123456789abcdefa]"}
	along := func(t *testing.T) []string {
		t.Helper()
		return append([]string{"  lablink:alarms:", restored(takeSnapshot(t, r.account, r.deployed(t, r.stack)["host-data"].ID, "test")) + "  lablink:alarms:"}, swapped...)
	}
	t.Run("moved with its data", func(t *testing.T) {
		with(t, r.stack.File, along(t)...)
		comment, err := r.comment(t)
		require.NoError(t, err, r.said)
		for _, says := range []string{
			"**Something is lost for good**: `host-data` is replaced.", "| `host-data` replaced | the allocator's data: workshops, seats and certificates are those of snap-",
			"| `host-interface` replaced | running machines: they dial the allocator's old private address and do not come back | until they are replaced: end the workshops first |",
			"| `host-instance` replaced | the allocator: pages, joining and desktops | 3 to 6 minutes (estimate", "`availabilityZone` `us-west-2a` → `us-west-2b`, for which it is replaced",
			"| `agentUrl` | `https://10.50.0.4` | (known after the deployment) | covers it: name and type stay |",
		} {
			assert.Contains(t, comment, says)
		}
		assert.NotContains(t, comment, "Seats stay held")
		golden(t, "moved with its data", comment)
	})

	t.Run("several hosts", func(t *testing.T) {
		raw, err := os.ReadFile(source("stacks/templates/ha-postgres.yaml"))
		require.NoError(t, err)
		ha := &reviewed{engine: r.engine, stack: launcher.Stack{Name: "ha", File: filepath.Join(t.TempDir(), "Pulumi.ha.yaml")}}
		require.NoError(t, os.WriteFile(ha.stack.File, raw, 0o644))
		require.NoError(t, ha.Ensure(t.Context(), ha.stack))
		comment, err := ha.comment(t)
		require.NoError(t, err, ha.said)
		for _, says := range []string{
			"| `balancer-people` | $0.00 | $23.73 | load balancer, 2 × public IPv4 address |", "| `balancer-agents` | $0.00 | $16.43 | load balancer |",
			"2 × instance t4g.small, 32 GiB of gp3 volume, 2 × public IPv4 address", "2 × database db.t4g.micro, 40 GiB of database storage, secret", "load balancer unit $0.008 per hour",
		} {
			assert.Contains(t, comment, says)
		}
		golden(t, "several hosts", comment)
	})

	t.Run("prices of AWS", func(t *testing.T) {
		with(t, r.stack.File, "t4g.small", "t4g.large", "maxMachines: 5", "maxMachines: 5\n      market: spot-then-on-demand") // nobody lists a t4g.large here
		comment, err := r.commentBy(t, "auto")
		require.NoError(t, err, r.said)
		for _, says := range []string{
			"from AWS's price list as of 2026-07-01. Those of spot instance g5.xlarge are from EC2's spot market as of 2026-07-01. Those of instance t4g.large are from LabLink's table of June 2025.\n",
			"g5.xlarge, at most: the spot market asks $0.36 now; or g4dn.xlarge for $0.54",
		} {
			assert.Contains(t, comment, says)
		}
		require.NoError(t, r.account.SetFaults(t.Context(), cloud.Faults{PricesHang: true}))
		t.Cleanup(func() { require.NoError(t, r.account.SetFaults(context.WithoutCancel(t.Context()), cloud.Faults{})) })
		r.prices = 15 * time.Second // in which the spot market answers
		comment, err = r.commentBy(t, "auto")
		require.NoError(t, err, r.said)
		assert.Contains(t, comment, "from LabLink's table of June 2025. Those of spot instance g5.xlarge are from EC2's spot market as of 2026-07-01. AWS did not tell all prices (no answer within 15s).\n")
	})

	t.Run("one document", func(t *testing.T) {
		r.streams("false")
		t.Cleanup(func() { r.streams("true") })
		with(t, r.stack.File, "t4g.small", "t4g.large")
		comment, err := r.comment(t)
		require.NoError(t, err)
		assert.Contains(t, comment, "(+$36.79). This preview tells of what changes alone")
		assert.Contains(t, comment, "This preview does not tell the outputs after it")
	})

	t.Run("drift", func(t *testing.T) {
		client := ec2.New(ec2.Options{
			Region: "us-west-2", BaseEndpoint: aws.String(r.account.URL),
			Credentials: credentials.NewStaticCredentialsProvider(cloud.DeveloperKey, cloud.DeveloperSecret, ""),
		})
		there := r.deployed(t, r.stack)
		_, err := client.CreateTags(t.Context(), &ec2.CreateTagsInput{
			Resources: []string{there["network-clients"].ID}, Tags: []types.Tag{{Key: aws.String("lablink:environment"), Value: aws.String("mine")}},
		})
		require.NoError(t, err)
		_, err = client.RevokeSecurityGroupIngress(t.Context(), &ec2.RevokeSecurityGroupIngressInput{
			GroupId: aws.String(there["network-allocator"].ID), SecurityGroupRuleIds: []string{there["network-people-80-0.0.0.0-0"].ID},
		})
		require.NoError(t, err)
		comment, err := r.comment(t, "--refresh", "--exclude", "**::admin-password")
		require.NoError(t, err, r.said)
		golden(t, "drift", comment)
		assert.Contains(t, comment, "### Drift: changed by somebody else since the last deployment\n\n"+
			"- `network-clients` (ec2 SecurityGroup): `tags[\"lablink:environment\"]`\n- `network-people-80-0.0.0.0-0` (vpc SecurityGroupIngressRule) is not there any more\n")
	})

	t.Run("protected", func(t *testing.T) {
		edit(t, r.stack, "  lablink:alarms:", "  lablink:protection: true\n  lablink:alarms:")
		r.up(t, r.stack)
		with(t, r.stack.File, along(t)...)
		comment, err := r.comment(t)
		require.Error(t, err)
		assert.Contains(t, comment, "## Preview of `test`: this cannot be deployed")
		assert.Contains(t, comment, "**Something would be lost for good**: `host-data` would be replaced")
		assert.Contains(t, comment, "`host-data` is protected, and this change would replace it")
		golden(t, "protected", comment)
	})
}
