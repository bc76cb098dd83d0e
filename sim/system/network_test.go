package system

import (
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/control"
	"github.com/talmolab/lablink-infrastructure/sim/launcher"
)

// Wherever machines stand, they fetch their release, reach the allocator and are
// reached through their tunnel; and the network goes away again.
func TestMachinesWorkInEveryKindOfNetwork(t *testing.T) {
	const before, vpc, subnet, plain = "  lablink:network: {zones: [us-west-2a, us-west-2b]}\n", "vpc-0123456789abcdef0", "subnet-0123456789abcdef0", "subnet-0123456789abcdef1"
	seed := filepath.Join(t.TempDir(), "seed.json")
	require.NoError(t, os.WriteFile(seed, []byte(`{"vpcs": [{"id": "`+vpc+`", "cidrBlock": "10.50.0.0/16"}],
		"subnets": [{"id": "`+subnet+`", "vpcId": "`+vpc+`", "cidrBlock": "10.50.3.0/24", "availabilityZone": "us-west-2c", "mapPublicIpOnLaunch": true},
			{"id": "`+plain+`", "vpcId": "`+vpc+`", "cidrBlock": "10.50.4.0/24", "availabilityZone": "us-west-2c"}]}`), 0o644))
	for name, c := range map[string]struct {
		change []string
		check  func(*testing.T, cloud.Instance, cloud.Instance) // the host and a machine
	}{
		"behind NAT": {[]string{before, "  lablink:network: {nat: true}\n"}, func(t *testing.T, _, machine cloud.Instance) {
			require.Empty(t, machine.PublicIP)
		}},
		"in a VPC that is there": {[]string{before, "  lablink:network: {vpcId: " + vpc + ", subnetIds: [" + subnet + "]}\n"},
			func(t *testing.T, host, machine cloud.Instance) {
				require.Equal(t, subnet, host.SubnetID)
				require.Equal(t, subnet, machine.SubnetID)
			}},
		"in a subnet that gives no public addresses": {[]string{before, "  lablink:network: {vpcId: " + vpc + ", subnetIds: [" + plain + "]}\n"},
			func(t *testing.T, _, machine cloud.Instance) {
				require.NotEmpty(t, machine.PublicIP, "it leads to an internet gateway")
			}},
		"with a dynamic address": {[]string{"    dataVolumeGiB: 1", "    address: dynamic\n    dataVolumeGiB: 1"}, func(t *testing.T, host, _ cloud.Instance) {
			require.NotEmpty(t, host.PublicIP)
			require.Equal(t, "10.20.0.10", host.PrivateIP)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			l, account := upWith(t, seed, c.change...)
			admin, person := l.admin(t), l.person(t)
			w := l.open(t, admin, 1)
			l.await(t, admin, w, 1)
			page, err := person.HTTP.Get(l.url + "/join/" + w.JoinCode)
			require.NoError(t, err)
			require.NoError(t, page.Body.Close())
			_, problem := claim(t, person, w, "p@example.org", new(atomic.Int32))
			require.Nil(t, problem)
			l.seesItsGPU(t, person)
			c.check(t, instance(t, account, "pulumi"), instance(t, account, "allocator"))
			require.NoError(t, admin.Do(t.Context(), http.MethodDelete, "/api/v1/workshops/"+w.ID, nil, nil))
			eventually(t, "the machine has ended", func() bool {
				state, err := account.State(t.Context())
				require.NoError(t, err)
				for _, i := range state.Instances {
					if i.Tags["lablink:managed-by"] == "allocator" && i.InstanceState != "terminated" {
						return false
					}
				}
				return true
			})
			p, err := l.Pulumi(t.Context())
			require.NoError(t, err)
			require.NoError(t, p.Run(t.Context(), "destroy", "--yes", "--skip-preview", "--stack", "local"))
		})
	}
}

// upWith deploys the local stack with its configuration changed, to a new account
// that has something already.
func upWith(t *testing.T, seed string, change ...string) (*local, *control.Client) {
	t.Helper()
	l := find(t)
	if seed != "" {
		l.Seed = append(l.Seed, "--seed", seed)
	}
	require.NoError(t, l.Build(t.Context()))
	account, err := l.StartSimulator(t.Context())
	require.NoError(t, err)
	p, err := l.Pulumi(t.Context())
	require.NoError(t, err)
	s := launcher.Stack{Name: "local", File: l.changed(t, change...)}
	require.NoError(t, p.Ensure(t.Context(), s))
	require.NoError(t, p.Run(t.Context(), "up", "--yes", "--skip-preview", "--stack", s.Name, "--config-file", s.File))
	out, err := p.Environment(t.Context(), s)
	require.NoError(t, err)
	l.password = out.InitialAdminPassword
	require.NoError(t, account.OpenDoor(t.Context(), control.Door{Listen: l.Door, Address: out.PublicAddress, Port: 80}))
	l.answers(t)
	return l, account
}

// instance is the one instance that "pulumi", the stack, or "allocator" has.
func instance(t *testing.T, account *control.Client, managedBy string) cloud.Instance {
	t.Helper()
	state, err := account.State(t.Context())
	require.NoError(t, err)
	var found []cloud.Instance
	for _, i := range state.Instances {
		if i.Tags["lablink:managed-by"] == managedBy && !i.Gone() {
			found = append(found, i)
		}
	}
	require.Len(t, found, 1)
	return found[0]
}
