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

// Server serves the provider protocol for one provider of an account.
type Server struct {
	pulumirpc.UnimplementedResourceProviderServer
	Provider
	account *cloud.Account
}

// Provider is what one provider is: which types and functions it has, and how it
// is configured.
type Provider struct {
	// version is the one of Pulumi's provider that is stood in for.
	version   string
	kinds     map[string]kind
	functions map[string]func(*account, values) (values, error)
	// understands tells what is wrong with a setting of the provider's own, or "".
	understands func(a *account, key, value string) string
	// configure refuses settings with which nothing could be done.
	configure func(resource.PropertyMap) error
	// word writes down a refusal as the provider does.
	word func(*cloud.Error) error
}

// AWS is the provider "aws".
func AWS() Provider {
	return Provider{
		version: "6.83.2", kinds: kinds, functions: functions, understands: awsSetting,
		configure: func(resource.PropertyMap) error { return nil },
		word: func(e *cloud.Error) error {
			return fmt.Errorf("https response error StatusCode: %d, api error %s: %s", e.Status, e.Code, e.Message)
		},
	}
}

// Serve answers the engine on l as a provider of the account until ctx ends.
func Serve(ctx context.Context, l net.Listener, a *cloud.Account, p Provider) error {
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage))
	pulumirpc.RegisterResourceProviderServer(server, &Server{Provider: p, account: a})
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

// GetPluginInfo names the version of Pulumi's provider that is stood in for.
func (s *Server) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: s.version}, nil
}

// unknownSetting is what is wrong with a setting that the simulator would ignore.
const unknownSetting = "the simulator does not model this setting of the provider"

// settings are the AWS provider's own, as far as they are understood.
var settings = []string{"region", "version", "skipCredentialsValidation", "skipRegionValidation", "skipMetadataApiCheck", "skipRequestingAccountId"}

// awsSetting refuses a Region that the simulator is not in.
func awsSetting(a *account, key, value string) string {
	switch {
	case !slices.Contains(settings, key):
		return unknownSetting
	case key == "region" && value != a.Region():
		return fmt.Sprintf("the simulator's Region is %s, not %q", a.Region(), value)
	}
	return ""
}

// CheckConfig refuses settings that are not understood.
func (s *Server) CheckConfig(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	res := &pulumirpc.CheckResponse{Inputs: r.News}
	news, err := unmarshal(r.News)
	if err != nil {
		return nil, err
	}
	for key, value := range news {
		var text string
		if value.IsString() {
			text = value.StringValue()
		}
		if reason := s.understands(s.account, string(key), text); reason != "" {
			res.Failures = append(res.Failures, &pulumirpc.CheckFailure{Property: string(key), Reason: reason})
		}
	}
	return res, nil
}

// DiffConfig never asks for a new provider.
func (s *Server) DiffConfig(context.Context, *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}, nil
}

// Configure refuses settings with which nothing could be done.
func (s *Server) Configure(_ context.Context, r *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	args, err := unmarshal(r.Args)
	if err != nil {
		return nil, err
	}
	if err := s.configure(args); err != nil {
		return nil, err
	}
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
	out, err := s.call(r.Tok, args)
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
	k, olds, err := s.given(urn, r.Olds)
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
	k, olds, err := s.given(resource.URN(r.Urn), r.OldInputs)
	if err != nil {
		return nil, err
	}
	news, err := unmarshal(r.News)
	if err != nil {
		return nil, err
	}
	return k.diff(s.account, olds, news, r.IgnoreChanges), nil
}

func (p Provider) kindOf(urn resource.URN) (kind, error) {
	k, ok := p.kinds[string(urn.Type())]
	if !ok {
		return k, status.Errorf(codes.NotFound, "the simulator does not have resources of type %s; it has %s", urn.Type(), strings.Join(slices.Sorted(maps.Keys(p.kinds)), ", "))
	}
	return k, nil
}

// given is the kind of a resource, and what a call says of it.
func (p Provider) given(urn resource.URN, properties *structpb.Struct) (k kind, out resource.PropertyMap, err error) {
	if k, err = p.kindOf(urn); err == nil {
		out, err = unmarshal(properties)
	}
	return k, out, err
}

func unmarshal(s *structpb.Struct) (resource.PropertyMap, error) {
	return plugin.UnmarshalProperties(s, plugin.MarshalOptions{KeepUnknowns: true, SkipNulls: true})
}

func marshal(m resource.PropertyMap) (*structpb.Struct, error) {
	return plugin.MarshalProperties(m, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, SkipNulls: true})
}

// wrap words an account's refusal as the provider does.
func (p Provider) wrap(doing string, urn resource.URN, id string, err error) error {
	var refused *cloud.Error
	if errors.As(err, &refused) {
		err = p.word(refused)
	}
	return fmt.Errorf("1 error occurred:\n\t* %s %s (%s): %w", doing, urn.Type().Name(), id, err)
}
