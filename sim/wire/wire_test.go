package wire_test

import (
	"context"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/wire"
)

// world is an account with one machine's worth of things in it, served over HTTP.
type world struct {
	*cloud.Account
	url    string
	subnet [2]string
	lt     string
	now    time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{now: time.Now()}
	var err error
	w.Account, err = cloud.Open(cloud.Options{Dir: t.TempDir(), Architecture: "x86_64", Zones: []string{"example.org"}})
	require.NoError(t, err)
	server := httptest.NewServer(wire.NewServer(w.Account, func() time.Time { return w.now }))
	t.Cleanup(server.Close)
	w.url = server.URL

	vpc := &cloud.VPC{CidrBlock: "10.0.0.0/16"}
	require.NoError(t, w.CreateVPC(vpc))
	for i, zone := range w.AvailabilityZones()[:2] {
		s := &cloud.Subnet{VPCID: vpc.ID, CidrBlock: []string{"10.0.0.0/24", "10.0.1.0/24"}[i], AvailabilityZone: zone}
		require.NoError(t, w.CreateSubnet(s))
		w.subnet[i] = s.ID
	}
	require.NoError(t, w.CreateRole(&cloud.Role{Name: "client", AssumeRolePolicy: ec2Trust}))
	require.NoError(t, w.CreateInstanceProfile(&cloud.InstanceProfile{Name: "client", Role: "client"}))
	lt := &cloud.LaunchTemplate{
		Name: "gpu-machines", ImageID: "ami-051700000000000a2", InstanceType: "sim.gpu",
		IAMInstanceProfile: &cloud.ProfileReference{Name: "client"},
		TagSpecifications:  []cloud.TagSpecification{{ResourceType: "instance", Tags: map[string]string{"lablink:deployment": "d"}}},
	}
	require.NoError(t, w.CreateLaunchTemplate(lt))
	w.lt = lt.ID
	return w
}

const ec2Trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

func (w *world) config(key, secret, token string) aws.Config {
	return aws.Config{
		Region: w.Region(), BaseEndpoint: aws.String(w.url), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: key, SecretAccessKey: secret, SessionToken: token}, nil
		}),
	}
}

func (w *world) developer() aws.Config {
	return w.config(cloud.DeveloperKey, cloud.DeveloperSecret, "")
}

// machine launches one instance and returns its role's credentials.
func (w *world) machine(t *testing.T) (string, cloud.Credential) {
	t.Helper()
	f, err := w.CreateFleet(cloud.FleetRequest{LaunchTemplateID: w.lt, Version: "$Latest", Target: 1, Overrides: []cloud.FleetOverride{{SubnetID: w.subnet[0]}}})
	require.NoError(t, err)
	require.Len(t, f.Instances, 1)
	_, c, err := w.InstanceCredentials(f.Instances[0].ID)
	require.NoError(t, err)
	return f.Instances[0].ID, c
}

func code(t *testing.T, err error) string {
	t.Helper()
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	return api.ErrorCode()
}

func TestAFleetIsLaunchedDescribedTaggedAndEnded(t *testing.T) {
	w := newWorld(t)
	client := ec2.NewFromConfig(w.developer())
	fleet, err := client.CreateFleet(t.Context(), fleetInput(w, 3, "once"))
	require.NoError(t, err)
	require.Len(t, fleet.Instances, 1)
	ids := fleet.Instances[0].InstanceIds
	require.Len(t, ids, 3)
	_, err = client.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: ids[:1], Tags: []types.Tag{{Key: aws.String("lablink:machine"), Value: aws.String("mch_1")}}})
	require.NoError(t, err)
	found, err := client.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{Filters: []types.Filter{{Name: aws.String("tag:lablink:machine"), Values: []string{"mch_*"}}}})
	require.NoError(t, err)
	require.Len(t, found.Reservations, 1)
	require.Equal(t, ids[0], *found.Reservations[0].Instances[0].InstanceId)
	require.Equal(t, types.InstanceStateNameRunning, found.Reservations[0].Instances[0].State.Name)
	ended, err := client.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: ids})
	require.NoError(t, err)
	require.Len(t, ended.TerminatingInstances, 3)
	_, err = client.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{"i-00000000000000000"}})
	require.Equal(t, "InvalidInstanceID.NotFound", code(t, err))
}

func TestTheSameClientTokenLaunchesOnce(t *testing.T) {
	w := newWorld(t)
	client := ec2.NewFromConfig(w.developer())
	first, err := client.CreateFleet(t.Context(), fleetInput(w, 2, "token"))
	require.NoError(t, err)
	second, err := client.CreateFleet(t.Context(), fleetInput(w, 2, "token"))
	require.NoError(t, err)
	require.Equal(t, first.FleetId, second.FleetId)
	require.Equal(t, first.Instances[0].InstanceIds, second.Instances[0].InstanceIds)
	require.Len(t, w.Instances(), 2)
	_, err = client.CreateFleet(t.Context(), fleetInput(w, 3, "token"))
	require.Equal(t, "IdempotentParameterMismatch", code(t, err))
}

func TestAZoneWithoutCapacityIsAnErrorBesideTheInstances(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.SetFaults(cloud.Faults{InsufficientCapacity: []cloud.CapacityFault{{Zone: w.AvailabilityZones()[0]}}}))
	fleet, err := ec2.NewFromConfig(w.developer()).CreateFleet(t.Context(), fleetInput(w, 2, "t"))
	require.NoError(t, err)
	require.Len(t, fleet.Errors, 1)
	require.Equal(t, "InsufficientInstanceCapacity", *fleet.Errors[0].ErrorCode)
	require.Equal(t, w.AvailabilityZones()[1], *fleet.Instances[0].AvailabilityZone)
	require.Len(t, fleet.Instances[0].InstanceIds, 2)
}

func TestAParameterThatIsNotModelledIsRefused(t *testing.T) {
	w := newWorld(t)
	in := fleetInput(w, 1, "t")
	in.ExcessCapacityTerminationPolicy = types.FleetExcessCapacityTerminationPolicyTermination
	_, err := ec2.NewFromConfig(w.developer()).CreateFleet(t.Context(), in)
	require.Equal(t, "UnknownParameter", code(t, err))
}

func TestAMachineIsWhoItsInstanceIs(t *testing.T) {
	w := newWorld(t)
	id, c := w.machine(t)
	who, err := sts.NewFromConfig(w.config(c.AccessKey, c.Secret, c.Token)).GetCallerIdentity(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "arn:aws:sts::123456789012:assumed-role/client/"+id, *who.Arn)
}

func TestWrongSignaturesAndCredentialsAreRefused(t *testing.T) {
	w := newWorld(t)
	_, c := w.machine(t)
	ask := func(key, secret, token string) string {
		_, err := sts.NewFromConfig(w.config(key, secret, token)).GetCallerIdentity(t.Context(), nil)
		return code(t, err)
	}
	require.Equal(t, "SignatureDoesNotMatch", ask(c.AccessKey, "wrong", c.Token))
	require.Equal(t, "InvalidClientTokenId", ask(c.AccessKey, c.Secret, "wrong"))
	require.Equal(t, "InvalidClientTokenId", ask("AKIAUNKNOWN", c.Secret, c.Token))
	w.now = w.now.Add(20 * time.Minute)
	require.Equal(t, "SignatureDoesNotMatch", ask(c.AccessKey, c.Secret, c.Token))
}

func TestARoleMayDoWhatItsPolicySaysAndNothingElse(t *testing.T) {
	w := newWorld(t)
	_, c := w.machine(t)
	require.NoError(t, w.CreateParameter(&cloud.Parameter{Name: "/lablink/d/e/release", Type: "String", Value: "v"}))
	require.NoError(t, w.CreateParameter(&cloud.Parameter{Name: "/lablink/d/e/secret/x", Type: "SecureString", Value: "s"}))
	client := ssm.NewFromConfig(w.config(c.AccessKey, c.Secret, c.Token))
	read := func(name string) (string, error) {
		out, err := client.GetParameter(t.Context(), &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
		if err != nil {
			return "", err
		}
		return *out.Parameter.Value, nil
	}
	_, err := read("/lablink/d/e/release")
	require.Equal(t, "AccessDeniedException", code(t, err))
	require.NoError(t, w.PutRolePolicy(&cloud.RolePolicy{Name: "p", Role: "client", Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:GetParameter","Resource":"arn:aws:ssm:us-west-2:123456789012:parameter/lablink/d/e/release"}]}`}))
	value, err := read("/lablink/d/e/release")
	require.NoError(t, err)
	require.Equal(t, "v", value)
	_, err = read("/lablink/d/e/secret/x")
	require.Equal(t, "AccessDeniedException", code(t, err))
	_, err = ec2.NewFromConfig(w.config(c.AccessKey, c.Secret, c.Token)).CreateFleet(t.Context(), fleetInput(w, 1, "t"))
	require.Equal(t, "UnauthorizedOperation", code(t, err))
}

func TestObjectsAreReadBySDKAndCurl(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.CreateBucket(&cloud.Bucket{Bucket: "artifacts"}))
	require.NoError(t, w.PutObject(&cloud.Object{Bucket: "artifacts", Key: "releases/a b.json"}, strings.NewReader("hello")))
	_, c := w.machine(t)
	require.NoError(t, w.PutRolePolicy(&cloud.RolePolicy{Name: "p", Role: "client", Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::artifacts/releases/*"}]}`}))
	client := s3.NewFromConfig(w.config(c.AccessKey, c.Secret, c.Token), func(o *s3.Options) { o.UsePathStyle = true })
	out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("artifacts"), Key: aws.String("releases/a b.json")})
	require.NoError(t, err)
	raw, err := io.ReadAll(out.Body)
	require.NoError(t, err)
	require.Equal(t, "hello", string(raw))
	_, err = client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("artifacts"), Key: aws.String("other")})
	require.Equal(t, "AccessDenied", code(t, err))

	file := t.TempDir() + "/got"
	cmd := exec.Command("curl", "-sS", "-f", "--aws-sigv4", "aws:amz:us-west-2:s3", "--user", c.AccessKey+":"+c.Secret,
		"-H", "X-Amz-Security-Token: "+c.Token,
		"-H", "X-Amz-Content-Sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"-o", file, w.url+"/artifacts/releases/a%20b.json")
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, string(said))
	raw, err = os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "hello", string(raw))
}
