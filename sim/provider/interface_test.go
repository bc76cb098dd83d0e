package provider_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/stretchr/testify/require"
)

const (
	interfaceToken   = "aws:ec2/networkInterface:NetworkInterface"
	associationToken = "aws:ec2/eipAssociation:EipAssociation"
	arm              = "ami-0d12a364000000001"
)

func (w *world) networkInterface(subnet made) made {
	w.Helper()
	return w.create(interfaceToken, properties(m{"subnetId": string(subnet.id), "privateIps": []any{"10.0.0.10"}}))
}

func TestAnInstanceIsLaunchedWithAnInterfaceThatIsThere(t *testing.T) {
	w := newWorld(t)
	vpc := w.vpc()
	w.create(gatewayToken, properties(m{"vpcId": string(vpc.id)}))
	n := w.networkInterface(w.subnet(vpc))
	require.Equal(t, "10.0.0.10", n.outputs["privateIp"].StringValue())
	e := w.create("aws:ec2/eip:Eip", properties(m{"domain": "vpc"}))
	x := w.create(associationToken, properties(m{"allocationId": string(e.id), "networkInterfaceId": string(n.id)}))
	require.Equal(t, e.outputs["publicIp"], x.outputs["publicIp"])
	in := m{"ami": image, "instanceType": "sim.small", "networkInterfaces": []any{m{"deviceIndex": 0, "networkInterfaceId": string(n.id)}}, "volumeTags": m{"is": "root"}}
	i := w.create(instanceToken, properties(in))
	require.Equal(t, "10.0.0.10", i.outputs["privateIp"].StringValue())
	require.Equal(t, e.outputs["publicIp"], i.outputs["publicIp"])

	seen := w.read(instanceToken, i.id, i.inputs, i.outputs)
	require.Equal(t, i.inputs, seen.Inputs, "a refresh learns nothing")
	v := w.create("aws:ebs/volume:Volume", properties(m{"availabilityZone": "us-west-2a", "size": 1, "tags": m{"has": "data"}}))
	w.create("aws:ec2/volumeAttachment:VolumeAttachment", properties(m{"deviceName": "/dev/sdf", "instanceId": string(i.id), "volumeId": string(v.id)}))
	seen = w.read(instanceToken, i.id, i.inputs, i.outputs)
	require.Equal(t, m{"is": "root", "has": "data"}, seen.Outputs["volumeTags"].Mappable(), "the tags of all volumes are read")
	other := i.inputs.Copy()
	other["volumeTags"] = resource.NewProperty(resource.PropertyMap{"is": resource.NewProperty("another")})
	request := plugin.DiffRequest{URN: urn(instanceToken, "it"), ID: i.id, OldInputs: i.inputs, OldOutputs: i.outputs, NewInputs: other, AllowUnknowns: true}
	told, err := w.engine.Diff(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, plugin.DiffSome, told.Changes)
	request.IgnoreChanges = []string{"volumeTags"}
	told, err = w.engine.Diff(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, plugin.DiffNone, told.Changes, "what is to be ignored is no change")
	require.Equal(t, x.inputs, w.read(associationToken, x.id, x.inputs, x.outputs).Inputs)
	require.Equal(t, n.inputs, w.read(interfaceToken, n.id, n.inputs, n.outputs).Inputs)
}

func TestWhatReplacesAnInstanceDependsOnTheOtherInputs(t *testing.T) {
	w := newWorld(t)
	subnet := w.subnet(w.vpc())
	one, other := w.networkInterface(subnet), w.create(interfaceToken, properties(m{"subnetId": string(subnet.id)}))
	with := func(more m) m {
		in := m{"ami": arm, "instanceType": "t4g.small", "userData": "a", "networkInterfaces": []any{m{"deviceIndex": 0, "networkInterfaceId": string(one.id)}}}
		for k, v := range more {
			in[k] = v
		}
		return in
	}
	i := w.create(instanceToken, properties(with(nil)))
	for why, c := range map[string]struct {
		change   m
		replaces []resource.PropertyKey
	}{
		"user data":                          {m{"userData": "b"}, nil},
		"user data, with the flag":           {m{"userData": "b", "userDataReplaceOnChange": true}, []resource.PropertyKey{"userData"}},
		"the flag alone":                     {m{"userDataReplaceOnChange": true}, nil},
		"a type of the architecture":         {m{"instanceType": "t4g.medium"}, nil},
		"a type of another architecture":     {m{"instanceType": "t3.small"}, []resource.PropertyKey{"instanceType"}},
		"another interface":                  {m{"networkInterfaces": []any{m{"deviceIndex": 0, "networkInterfaceId": string(other.id)}}}, []resource.PropertyKey{"networkInterfaces[0].networkInterfaceId"}},
		"a subnet in place of the interface": {m{"networkInterfaces": nil, "subnetId": string(subnet.id)}, []resource.PropertyKey{"networkInterfaces", "subnetId"}},
	} {
		t.Run(why, func(t *testing.T) {
			require.ElementsMatch(t, c.replaces, w.diff(instanceToken, i, properties(with(c.change))).ReplaceKeys)
		})
	}
	moved := m{"subnetId": string(subnet.id), "privateIps": []any{"10.0.0.11"}}
	require.NotEmpty(t, w.diff(interfaceToken, one, properties(moved)).ReplaceKeys, "an address is for ever")
	tagged := m{"subnetId": string(subnet.id), "privateIps": []any{"10.0.0.10"}, "tags": m{"a": "b"}}
	require.Empty(t, w.diff(interfaceToken, one, properties(tagged)).ReplaceKeys)
}
