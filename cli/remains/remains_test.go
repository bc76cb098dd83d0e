package remains_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli/remains"
	"github.com/talmolab/lablink-infrastructure/cli/stack"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/wire"
)

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

// world is a simulated account with a network that nobody tagged.
type world struct {
	*cloud.Account
	url, subnet string
}

func start(t *testing.T) *world {
	t.Helper()
	a, err := cloud.Open(cloud.Options{Dir: t.TempDir(), Architecture: "x86_64"})
	require.NoError(t, err)
	server := httptest.NewServer(wire.NewServer(a, time.Now))
	t.Cleanup(server.Close)
	vpc := &cloud.VPC{CidrBlock: "10.0.0.0/16"}
	require.NoError(t, a.CreateVPC(vpc))
	s := &cloud.Subnet{VPCID: vpc.ID, CidrBlock: "10.0.0.0/24"}
	require.NoError(t, a.CreateSubnet(s))
	return &world{a, server.URL, s.ID}
}

// see looks for one environment of the deployment lablink.
func (w *world) see(environment string) *remains.Account {
	return remains.New(aws.Config{
		Region: w.Region(), BaseEndpoint: aws.String(w.url), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: cloud.DeveloperKey, SecretAccessKey: cloud.DeveloperSecret}, nil
		}),
	}, stack.Environment{Region: w.Region(), Deployment: "lablink", Name: environment})
}

// tags are those that the program gives.
func tags(environment, by string) cloud.Tagged {
	all := naming.Namer{Deployment: "lablink", Environment: environment}.OwnTags()
	all[naming.TagManagedBy], all["Name"] = by, "n"
	return cloud.Tagged{Tags: all}
}

func (w *world) launch(t *testing.T, of cloud.Tagged) string {
	t.Helper()
	i := &cloud.Instance{AMI: "ami-051700000000000a2", InstanceType: "sim.small", SubnetID: w.subnet, VolumeTags: of.Tags, Tagged: of}
	require.NoError(t, w.CreateInstance(i))
	return i.ID
}

func TestOnlyTheMachinesOfTheEnvironmentsAllocatorAreEnded(t *testing.T) {
	w := start(t)
	others := []string{
		w.launch(t, tags("test", "pulumi")), w.launch(t, tags("prod", "allocator")), w.launch(t, tags("pre-test", "allocator")), w.launch(t, cloud.Tagged{}),
	}
	mine := []string{w.launch(t, tags("test", "allocator")), w.launch(t, tags("test", "allocator"))}
	ended, err := w.see("test").EndMachines(t.Context())
	require.NoError(t, err)
	require.ElementsMatch(t, mine, ended)
	for _, id := range mine {
		i, err := w.Instance(id)
		require.NoError(t, err)
		require.True(t, i.Gone())
	}
	ended, err = w.see("test").EndMachines(t.Context())
	require.NoError(t, err)
	require.Empty(t, ended, "nothing of it is there any more")
	ended, err = w.see("*").EndMachines(t.Context())
	require.NoError(t, err)
	require.Empty(t, ended, "a placeholder is no environment")
	for _, id := range others {
		i, err := w.Instance(id)
		require.NoError(t, err)
		require.False(t, i.Gone(), i.Tags)
	}
}

func TestTheAccountIsThatOfTheCredentials(t *testing.T) {
	w := start(t)
	number, err := w.see("test").Number(t.Context())
	require.NoError(t, err)
	require.Equal(t, w.ID(), number)
}

func TestWhatIsLeftIsFoundByItsTagsAndPath(t *testing.T) {
	w := start(t)
	instance := w.launch(t, tags("test", "allocator"))
	w.launch(t, tags("prod", "allocator"))
	v := &cloud.Volume{AvailabilityZone: "us-west-2a", Size: 2, Tagged: tags("test", "pulumi")}
	require.NoError(t, w.CreateVolume(v))
	s := &cloud.Snapshot{VolumeID: v.ID, Tagged: tags("test", "pulumi")}
	require.NoError(t, w.CreateSnapshot(s))
	e := &cloud.EIP{Tagged: tags("test", "pulumi")}
	require.NoError(t, w.CreateEIP(e))
	n := &cloud.NetworkInterface{SubnetID: w.subnet, Tagged: tags("test", "pulumi")}
	require.NoError(t, w.CreateNetworkInterface(n))
	b := &cloud.Bucket{Bucket: "lablink-artifacts-test", Tagged: tags("test", "pulumi")}
	require.NoError(t, w.CreateBucket(b))
	path := naming.Namer{Deployment: "lablink", Environment: "test", Region: w.Region()}.IAMPath()
	r := &cloud.Role{Name: "r", Path: path, AssumeRolePolicy: trust}
	require.NoError(t, w.CreateRole(r))
	p := &cloud.InstanceProfile{Name: "p", Path: path, Role: "r"}
	require.NoError(t, w.CreateInstanceProfile(p))

	root, err := w.Instance(instance)
	require.NoError(t, err)
	left, err := w.see("test").Left(t.Context())
	require.NoError(t, err)
	require.ElementsMatch(t, []stack.Thing{
		{ID: "instance/" + instance, Name: "n"}, {ID: "volume/" + root.RootBlockDevice.VolumeID, Name: "n"}, {ID: "volume/" + v.ID, Name: "n"},
		{ID: "elastic-ip/" + e.ID, Name: "n"}, {ID: "network-interface/" + n.ID, Name: "n"}, {ID: "arn:aws:ec2:us-west-2::snapshot/" + s.ID, Name: "n"},
		{ID: b.ARN, Name: "n"}, {ID: r.ARN, Name: "r"}, {ID: p.ARN, Name: "p"},
	}, left)

	_, err = w.see("test").EndMachines(t.Context())
	require.NoError(t, err)
	require.NoError(t, w.DeleteVolume(v.ID))
	left, err = w.see("test").Left(t.Context())
	require.NoError(t, err)
	require.Len(t, left, 6, "an instance that has ended is not left, though AWS lists it for an hour")
}
