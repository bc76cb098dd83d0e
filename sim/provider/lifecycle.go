package provider

import (
	"context"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// Create makes a resource, or says for a preview what is not known yet.
func (s *Server) Create(_ context.Context, r *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	urn := resource.URN(r.Urn)
	k, in, err := s.given(urn, r.Properties)
	if err != nil {
		return nil, err
	}
	if r.Preview {
		props, err := marshal(k.planned(in))
		return &pulumirpc.CreateResponse{Properties: props}, err
	}
	id, err := k.create(s.account, r.Urn, in)
	if err != nil {
		return nil, s.wrap("creating", urn, urn.Name(), err)
	}
	out, err := k.settled(s.account, id, in)
	if err != nil {
		return nil, s.wrap("reading", urn, id, err)
	}
	props, err := marshal(out)
	return &pulumirpc.CreateResponse{Id: id, Properties: props}, err
}

// planned is what a preview knows of a resource that is to be made: its
// inputs. Every other output is unknown.
func (k kind) planned(in resource.PropertyMap) resource.PropertyMap {
	out := in.Copy()
	for name := range k.outputs {
		if key := resource.PropertyKey(name); !out.HasValue(key) && k.modelled[name] {
			out[key] = resource.MakeComputed(resource.NewStringProperty(""))
		}
	}
	return out
}

// settled is what the account shows, and the inputs that it does not keep.
func (k kind) settled(a *cloud.Account, id string, in resource.PropertyMap) (resource.PropertyMap, error) {
	out, err := k.read(a, id)
	if err != nil {
		return nil, err
	}
	for key, v := range in {
		if _, ok := out[key]; !ok && !k.modelled[string(key)] {
			out[key] = v
		}
	}
	return out, nil
}

// Read looks a resource up, for refresh and for import. One that is gone has
// no id.
func (s *Server) Read(_ context.Context, r *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	urn := resource.URN(r.Urn)
	k, in, err := s.given(urn, r.Inputs)
	if err != nil {
		return nil, err
	}
	id := r.Id
	if k.ImportID != nil {
		id = k.ImportID(s.account, id)
	}
	out, err := k.settled(s.account, id, in)
	if cloud.IsNotFound(err) {
		return &pulumirpc.ReadResponse{}, nil
	}
	if err != nil {
		return nil, s.wrap("reading", urn, id, err)
	}
	props, err := marshal(out)
	if err != nil {
		return nil, err
	}
	inputs, err := marshal(k.inputsFrom(out, in))
	return &pulumirpc.ReadResponse{Id: id, Properties: props, Inputs: inputs}, err
}

// inputsFrom are the inputs that would give these outputs: those that were set
// before, or all that can be set where there were none, as for an import.
func (k kind) inputsFrom(out, before resource.PropertyMap) resource.PropertyMap {
	in := resource.PropertyMap{}
	for name := range k.inputs {
		key := resource.PropertyKey(name)
		old, was := before[key]
		now, is := out[key]
		switch {
		case was && (!is || name == "userData" || same(old, now)): // user data is shown as a digest only
			in[key] = old
		case is && (was || len(before) == 0) && name != "tagsAll":
			in[key] = now
		}
	}
	if d, ok := before[generated]; ok {
		in[generated] = d
	}
	return in
}

// Update changes a resource in place.
func (s *Server) Update(_ context.Context, r *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	urn := resource.URN(r.Urn)
	k, news, err := s.given(urn, r.News)
	if err != nil {
		return nil, err
	}
	if r.Preview {
		olds, err := unmarshal(r.Olds)
		if err != nil {
			return nil, err
		}
		props, err := marshal(k.changed(olds, news))
		return &pulumirpc.UpdateResponse{Properties: props}, err
	}
	if err := k.update(s.account, r.Id, news); err != nil {
		return nil, s.wrap("updating", urn, r.Id, err)
	}
	out, err := k.settled(s.account, r.Id, news)
	if err != nil {
		return nil, s.wrap("reading", urn, r.Id, err)
	}
	props, err := marshal(out)
	return &pulumirpc.UpdateResponse{Properties: props}, err
}

// changed is what a preview knows of a resource after an update in place.
func (k kind) changed(olds, news resource.PropertyMap) resource.PropertyMap {
	out := olds.Copy()
	for key, v := range news {
		out[key] = v
	}
	for _, name := range k.Changes {
		out[resource.PropertyKey(name)] = resource.MakeComputed(resource.NewStringProperty(""))
	}
	return out
}

// Delete removes a resource; one that is gone already is no error.
func (s *Server) Delete(_ context.Context, r *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	urn := resource.URN(r.Urn)
	k, err := s.kindOf(urn)
	if err != nil {
		return nil, err
	}
	if err := k.remove(s.account, r.Id); err != nil && !cloud.IsNotFound(err) {
		return nil, s.wrap("deleting", urn, r.Id, err)
	}
	return &emptypb.Empty{}, s.account.ForgetCreation(r.Urn, r.Id)
}
