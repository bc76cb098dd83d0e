package provider_test

import (
	"context"
	"net"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/provider"
)

// m is a resource's properties as a program writes them.
type m = map[string]any

// world is an account behind the client that the Pulumi engine itself uses.
type world struct {
	*testing.T
	account *cloud.Account
	engine  plugin.Provider
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return serve(t, provider.AWS(), "aws", m{"region": "us-west-2"})
}

// serve is an account behind one of its providers.
func serve(t *testing.T, p provider.Provider, name string, config m) *world {
	t.Helper()
	a, err := cloud.Open(cloud.Options{Dir: t.TempDir(), Architecture: "x86_64", Zones: []string{"example.org"}, CloudflareZones: []string{"example.org"}, OIDCProviders: []string{"https://id.example.org"}})
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- provider.Serve(ctx, l, a, p) }()
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, conn.Close())
		stop()
		require.NoError(t, <-served)
	})
	w := &world{T: t, account: a, engine: plugin.NewProviderWithClient(nil, pulumirpc.NewResourceProviderClient(conn), false)}
	_, err = w.engine.Handshake(t.Context(), plugin.ProviderHandshakeRequest{})
	require.NoError(t, err)
	own, kind := urn("pulumi:providers:"+name, name), tokens.Type("pulumi:providers:"+name)
	id := resource.ID("1")
	_, err = w.engine.Configure(t.Context(), plugin.ConfigureRequest{URN: &own, Name: &name, Type: &kind, ID: &id, Inputs: properties(config)})
	require.NoError(t, err)
	return w
}

func urn(token, name string) resource.URN {
	return resource.NewURN("test", "lablink", "", tokens.Type(token), name)
}

func properties(in m) resource.PropertyMap { return resource.NewPropertyMapFromMap(in) }

// check returns the checked inputs, or what is wrong, by property.
func (w *world) check(token string, olds, news resource.PropertyMap) (resource.PropertyMap, map[string]string) {
	w.Helper()
	out, err := w.engine.Check(w.Context(), plugin.CheckRequest{
		URN: urn(token, "it"), Name: "it", Type: tokens.Type(token), Olds: olds, News: news, AllowUnknowns: true, RandomSeed: []byte("seed"),
	})
	require.NoError(w, err)
	wrong := map[string]string{}
	for _, f := range out.Failures {
		wrong[string(f.Property)] = f.Reason
	}
	return out.Properties, wrong
}

// made is a resource as the engine's state keeps it.
type made struct {
	id      resource.ID
	inputs  resource.PropertyMap
	outputs resource.PropertyMap
}

func (w *world) create(token string, in resource.PropertyMap) made {
	w.Helper()
	inputs, wrong := w.check(token, nil, in)
	require.Empty(w, wrong)
	out, err := w.engine.Create(w.Context(), plugin.CreateRequest{URN: urn(token, "it"), Name: "it", Type: tokens.Type(token), Properties: inputs})
	require.NoError(w, err)
	return made{out.ID, inputs, out.Properties}
}

func (w *world) diff(token string, old made, in resource.PropertyMap) plugin.DiffResult {
	w.Helper()
	inputs, wrong := w.check(token, old.inputs, in)
	require.Empty(w, wrong)
	out, err := w.engine.Diff(w.Context(), plugin.DiffRequest{
		URN: urn(token, "it"), Name: "it", Type: tokens.Type(token), ID: old.id,
		OldInputs: old.inputs, OldOutputs: old.outputs, NewInputs: inputs, AllowUnknowns: true,
	})
	require.NoError(w, err)
	return out
}

func (w *world) read(token string, id resource.ID, inputs, state resource.PropertyMap) plugin.ReadResponse {
	w.Helper()
	out, err := w.engine.Read(w.Context(), plugin.ReadRequest{URN: urn(token, "it"), Name: "it", Type: tokens.Type(token), ID: id, Inputs: inputs, State: state})
	require.NoError(w, err)
	return out
}

func (w *world) remove(token string, it made) error {
	_, err := w.engine.Delete(w.Context(), plugin.DeleteRequest{URN: urn(token, "it"), Name: "it", Type: tokens.Type(token), ID: it.id, Inputs: it.inputs, Outputs: it.outputs})
	return err
}

func (w *world) invoke(token string, in m) (resource.PropertyMap, error) {
	out, err := w.engine.Invoke(w.Context(), plugin.InvokeRequest{Tok: tokens.ModuleMember(token), Args: properties(in)})
	return out.Properties, err
}

const (
	vpcToken       = "aws:ec2/vpc:Vpc"
	volumeToken    = "aws:ebs/volume:Volume"
	subnetToken    = "aws:ec2/subnet:Subnet"
	tableToken     = "aws:ec2/routeTable:RouteTable"
	gatewayToken   = "aws:ec2/internetGateway:InternetGateway"
	parameterToken = "aws:ssm/parameter:Parameter"
	bucketToken    = "aws:s3/bucketV2:BucketV2"
	objectToken    = "aws:s3/bucketObjectv2:BucketObjectv2"
	instanceToken  = "aws:ec2/instance:Instance"
	image          = "ami-051700000000000a1"
)

func (w *world) vpc() made {
	w.Helper()
	return w.create(vpcToken, properties(m{"cidrBlock": "10.0.0.0/16"}))
}

func (w *world) subnet(vpc made) made {
	w.Helper()
	return w.create(subnetToken, properties(m{"vpcId": string(vpc.id), "cidrBlock": "10.0.0.0/24", "availabilityZone": "us-west-2a"}))
}

// snapshot is one of a volume of 2 GiB.
func (w *world) snapshot() string {
	w.Helper()
	volume := w.create(volumeToken, properties(m{"availabilityZone": "us-west-2a", "size": 2, "encrypted": true}))
	s := &cloud.Snapshot{VolumeID: string(volume.id)}
	require.NoError(w, w.account.CreateSnapshot(s))
	return s.ID
}
