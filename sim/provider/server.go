package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// maxMessage is the largest message that is taken, in bytes: as the engine's.
const maxMessage = 400 << 20

// Server serves the provider protocol for one account.
type Server struct {
	pulumirpc.UnimplementedResourceProviderServer
	account *cloud.Account
}

// Serve answers the engine on l until ctx ends.
func Serve(ctx context.Context, l net.Listener, a *cloud.Account) error {
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage))
	pulumirpc.RegisterResourceProviderServer(server, &Server{account: a})
	stop := context.AfterFunc(ctx, server.Stop)
	defer stop()
	if err := server.Serve(l); err != nil && ctx.Err() == nil {
		return fmt.Errorf("serve the provider: %w", err)
	}
	return nil
}

// Handshake says what the provider understands. It leaves secrets to the engine,
// which then keeps as a secret what went in as one.
func (s *Server) Handshake(context.Context, *pulumirpc.ProviderHandshakeRequest) (*pulumirpc.ProviderHandshakeResponse, error) {
	return &pulumirpc.ProviderHandshakeResponse{AcceptResources: true}, nil
}

// Attach is how the engine greets a provider that it did not start.
func (s *Server) Attach(context.Context, *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// GetPluginInfo names the version of pulumi-aws that is stood in for.
func (s *Server) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "6.83.2"}, nil
}

// settings are the provider's own, as far as they are understood.
var settings = []string{"region", "version", "skipCredentialsValidation", "skipRegionValidation", "skipMetadataApiCheck", "skipRequestingAccountId"}

// CheckConfig refuses a setting that the simulator would ignore, and a Region
// that it is not in.
func (s *Server) CheckConfig(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	res := &pulumirpc.CheckResponse{Inputs: r.News}
	for key, value := range r.News.GetFields() {
		if !slices.Contains(settings, key) {
			res.Failures = append(res.Failures, &pulumirpc.CheckFailure{Property: key, Reason: "the simulator does not model this setting of the provider"})
		}
		if region := value.GetStringValue(); key == "region" && region != s.account.Region() {
			res.Failures = append(res.Failures, &pulumirpc.CheckFailure{Property: key, Reason: fmt.Sprintf("the simulator's Region is %s, not %q", s.account.Region(), region)})
		}
	}
	return res, nil
}

// DiffConfig never asks for a new provider.
func (s *Server) DiffConfig(context.Context, *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}, nil
}

// Configure has nothing to prepare.
func (s *Server) Configure(context.Context, *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	return &pulumirpc.ConfigureResponse{SupportsPreview: true, AcceptResources: true}, nil
}

// Cancel lets running calls finish: none takes long.
func (s *Server) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// Invoke runs a function.
func (s *Server) Invoke(_ context.Context, r *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	args, err := unmarshal(r.Args)
	if err != nil {
		return nil, err
	}
	out, err := call(s.account, r.Tok, args)
	if err != nil {
		return nil, err
	}
	ret, err := marshal(out)
	return &pulumirpc.InvokeResponse{Return: ret}, err
}

// Check fills in generated names and refuses what pulumi-aws or the model do
// not know.
func (s *Server) Check(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	urn := resource.URN(r.Urn)
	k, err := kindOf(urn)
	if err != nil {
		return nil, err
	}
	olds, err := unmarshal(r.Olds)
	if err != nil {
		return nil, err
	}
	news, err := unmarshal(r.News)
	if err != nil {
		return nil, err
	}
	failures := k.check(news)
	if f := k.Name.nameIt(urn, olds, news, r.RandomSeed); f != nil {
		failures = append(failures, *f)
	}
	inputs, err := marshal(news)
	if err != nil {
		return nil, err
	}
	res := &pulumirpc.CheckResponse{Inputs: inputs}
	for _, f := range failures {
		res.Failures = append(res.Failures, &pulumirpc.CheckFailure{Property: f.property, Reason: f.reason})
	}
	return res, nil
}

// Diff says what a change of inputs means.
func (s *Server) Diff(_ context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	k, err := kindOf(resource.URN(r.Urn))
	if err != nil {
		return nil, err
	}
	olds, err := unmarshal(r.OldInputs)
	if err != nil {
		return nil, err
	}
	news, err := unmarshal(r.News)
	if err != nil {
		return nil, err
	}
	return k.diff(s.account, olds, news, r.IgnoreChanges), nil
}

func kindOf(urn resource.URN) (kind, error) {
	k, ok := kinds[string(urn.Type())]
	if !ok {
		return k, status.Errorf(codes.NotFound, "the simulator does not have resources of type %s; it has %s", urn.Type(), strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
	}
	return k, nil
}

func unmarshal(s *structpb.Struct) (resource.PropertyMap, error) {
	return plugin.UnmarshalProperties(s, plugin.MarshalOptions{KeepUnknowns: true, SkipNulls: true})
}

func marshal(m resource.PropertyMap) (*structpb.Struct, error) {
	return plugin.MarshalProperties(m, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, SkipNulls: true})
}

// wrap words an account's refusal as the provider does.
func wrap(doing string, urn resource.URN, id string, err error) error {
	var refused *cloud.Error
	if errors.As(err, &refused) {
		err = fmt.Errorf("https response error StatusCode: %d, api error %s: %s", refused.Status, refused.Code, refused.Message)
	}
	return fmt.Errorf("1 error occurred:\n\t* %s %s (%s): %w", doing, urn.Type().Name(), id, err)
}
