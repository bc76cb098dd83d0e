package system

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// A mistake is told before anything is registered, with its key and the fix.
func TestMistakesInTheSettingsOfProductionAreRefusedBeforeAnythingIsRegistered(t *testing.T) {
	e := start(t)
	pinned := "id: ami-0d1a6000000000003"
	for name, c := range map[string]struct{ change, tells []string }{
		"an unknown key": {
			[]string{"lablink:github:", "lablink:githb:"},
			[]string{"lablink:githb is not a setting", "lablink:github"},
		},
		"an unknown key within": {
			[]string{"instanceType: t4g.small", "instance_type: t4g.small"},
			[]string{"lablink:allocator.instance_type", "instanceType"},
		},
		"a missing domain": {
			[]string{"    domain: lab.example.org\n", ""},
			[]string{"lablink:dns.domain", "is required"},
		},
		"a mutable version": {
			[]string{pinned, "ssmParameter: /aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id"},
			[]string{"lablink:pools[0].image", "not pinned", "lablink image pin prod gpu"},
		},
		"two at once": {
			[]string{"    domain: lab.example.org\n", "", "maxMachines: 40", "maxMachines: 0"},
			[]string{"lablink:dns.domain", "lablink:pools[0].maxMachines"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := e.stack(t, "prod", c.change...)
			said, err := e.run(t, s, "up", "--yes", "--skip-preview")
			require.Error(t, err)
			for _, tells := range c.tells {
				require.Contains(t, said, tells)
			}
			raw, err := e.Output(t.Context(), "stack", "export", "--stack", "prod")
			require.NoError(t, err)
			var state struct {
				Deployment struct{ Resources []struct{ Type string } }
			}
			require.NoError(t, json.Unmarshal(raw, &state))
			for _, r := range state.Deployment.Resources {
				require.Contains(t, []string{"pulumi:pulumi:Stack", "pulumi:providers:aws"}, r.Type, "registered in spite of the mistake")
			}
		})
	}
}
