package terraform_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli/terraform"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

var update = flag.Bool("update", false, "write the golden files")

const root = "../.."

// generations are states of both, as LabLink's Terraform writes them. All that is
// secret in them says that it must never be printed.
var generations = []string{"template", "template-acm", "older"}

func file(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return raw
}

// changed is a state with something in place of something else.
func changed(t *testing.T, name string, change ...string) []byte {
	t.Helper()
	raw := string(file(t, name+".tfstate"))
	for i := 0; i < len(change); i += 2 {
		require.Contains(t, raw, change[i])
	}
	return []byte(strings.NewReplacer(change...).Replace(raw))
}

// without is a state without the blocks of some types.
func without(t *testing.T, name string, types ...string) []byte {
	t.Helper()
	var state map[string]any
	require.NoError(t, json.Unmarshal(file(t, name+".tfstate"), &state))
	state["resources"] = slices.DeleteFunc(state["resources"].([]any), func(r any) bool {
		return slices.Contains(types, r.(map[string]any)["type"].(string))
	})
	raw, err := json.Marshal(state)
	require.NoError(t, err)
	return raw
}

func plan(t *testing.T, raw []byte, config terraform.Config) *terraform.Plan {
	t.Helper()
	s, err := terraform.Read("old.tfstate", raw)
	require.NoError(t, err)
	p, err := terraform.Make("moved", "/safe/backup.tfstate", s, config)
	require.NoError(t, err)
	return p
}

// written is all that a plan writes, by the ends of the names of golden files.
func written(t *testing.T, p *terraform.Plan) map[string]string {
	t.Helper()
	out := map[string]string{}
	for name, write := range map[string]func() ([]byte, error){".report.md": p.Report, ".import.json": p.Import().JSON, ".stack.yaml": p.StackFile} {
		raw, err := write()
		require.NoError(t, err)
		out[name] = string(raw)
	}
	return out
}

func TestEachGenerationIsPlannedAsItsGoldenFilesSay(t *testing.T) {
	config, err := terraform.ReadConfig("config.yaml", file(t, "config.yaml"))
	require.NoError(t, err)
	for _, name := range generations {
		for end, got := range written(t, plan(t, file(t, name+".tfstate"), config)) {
			golden := filepath.Join("testdata", name+end)
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), got, golden)
		}
	}
}

func TestNothingSecretOfAStateIsWrittenDown(t *testing.T) {
	const secret = "never-to-be-printed"
	config, err := terraform.ReadConfig("config.yaml", file(t, "config.yaml"))
	require.NoError(t, err)
	require.Contains(t, string(file(t, "config.yaml")), secret)
	for _, name := range generations {
		raw := file(t, name+".tfstate")
		require.Contains(t, string(raw), secret+"-private-key")
		require.Contains(t, string(raw), secret+"-password")
		for end, got := range written(t, plan(t, raw, config)) {
			assert.NotContains(t, got, secret, name+end)
			assert.NotContains(t, got, "PRIVATE KEY", name+end)
		}
	}
}

func TestTheDraftOfAStackIsOneThatCanBeDeployed(t *testing.T) {
	config, err := terraform.ReadConfig("config.yaml", file(t, "config.yaml"))
	require.NoError(t, err)
	load := func(raw []byte, config terraform.Config) (*settings.Settings, error) {
		draft, err := plan(t, raw, config).StackFile()
		require.NoError(t, err)
		name := filepath.Join(t.TempDir(), "Pulumi.moved.yaml")
		require.NoError(t, os.WriteFile(name, draft, 0o600))
		values, err := recording.ReadStackFile(root, name)
		require.NoError(t, err)
		return settings.Load("moved", values)
	}
	for _, name := range generations {
		s, err := load(file(t, name+".tfstate"), config)
		require.NoError(t, err, name)
		assert.Equal(t, []string{"123456789012", "us-west-2", "lab.example.org", settings.Route53}, []string{s.Account.ID, s.Region, s.DNS.Domain, s.DNS.Provider}, name)
		assert.True(t, s.Protect(), name)
		assert.Equal(t, []string{"g5.xlarge"}, s.Pools[0].InstanceTypes, name)
	}
	_, err = load(file(t, "template.tfstate"), terraform.Config{})
	require.ErrorContains(t, err, "lablink:tls.email", "without its settings there is no e-mail address, and that alone is missing")
	require.ErrorContains(t, err, "1 problem")

	for _, name := range []string{"template", "older"} {
		s, err := load(without(t, name, "aws_route53_record"), config)
		require.NoError(t, err, name)
		assert.Equal(t, []string{settings.None, "lab.example.org", settings.ACME}, []string{s.DNS.Provider, s.DNS.Domain, s.TLS.Mode}, "%s: a record by hand stays by hand", name)
	}
	config.SSL.Provider = "cloudflare"
	s, err := load(without(t, "template", "aws_route53_record"), config)
	require.NoError(t, err)
	assert.Equal(t, []string{settings.Cloudflare, settings.Cloudflare}, []string{s.DNS.Provider, s.TLS.Mode})
	assert.False(t, s.ManagesRecord(), "Cloudflare's record is there already")
	for _, typed := range []struct{ name, was, is string }{
		{"template", "https://lab.example.org", "http://203.0.113.20"},
		{"older", "lab.example.org", "203.0.113.21"},
		{"older", "lab.example.org", "N/A"},
		{"older", "lab.example.org", ""},
	} {
		raw := string(without(t, typed.name, "aws_route53_record"))
		require.Contains(t, raw, `"value":"`+typed.was+`"`)
		s, err = load([]byte(strings.ReplaceAll(raw, `"value":"`+typed.was+`"`, `"value":"`+typed.is+`"`)), terraform.Config{})
		require.NoError(t, err, typed.is)
		assert.Equal(t, []string{"", settings.None}, []string{s.DNS.Domain, s.TLS.Mode}, "people typed an address, not %q", typed.is)
	}
}

func TestTerraformForgetsWhatIsKeptAndDestroysTheRestInOrder(t *testing.T) {
	for _, name := range generations {
		p := plan(t, file(t, name+".tfstate"), terraform.Config{})
		var state struct {
			Resources []struct {
				Mode, Type, Name string
				Instances        []struct{ Dependencies []string }
			}
		}
		require.NoError(t, json.Unmarshal(file(t, name+".tfstate"), &state))
		needs, managed := map[string][]string{}, 0
		for _, r := range state.Resources {
			if r.Mode == "managed" {
				managed += len(r.Instances)
				needs[r.Type+"."+r.Name] = r.Instances[0].Dependencies
			}
		}
		assert.Equal(t, managed, len(p.Left)+len(p.Forget), "%s: each is forgotten or destroyed", name)
		for _, kept := range []string{p.Address.At, p.Record.At} {
			assert.False(t, slices.ContainsFunc(p.Left, func(l terraform.Left) bool { return l.Address == kept }), "%s: %s", name, kept)
		}
		gone := map[string]bool{}
		for _, l := range p.Left {
			block, _, _ := strings.Cut(l.Address, "[")
			for other, on := range needs {
				left := slices.ContainsFunc(p.Left, func(l terraform.Left) bool { return strings.HasPrefix(l.Address, other) })
				assert.False(t, left && !gone[other] && slices.Contains(on, block), "%s: %s is destroyed while %s needs it", name, block, other)
			}
			gone[block] = true
		}
	}
}

func TestAnAddressThatTerraformLookedUpIsKeptAsOneThatItMade(t *testing.T) {
	found, made := plan(t, file(t, "template.tfstate"), terraform.Config{}), plan(t, file(t, "older.tfstate"), terraform.Config{})
	assert.False(t, found.Address.Managed)
	assert.Equal(t, "data.aws_eip.existing[0]", found.Address.At)
	assert.NotContains(t, found.Forget, found.Address.At, "Terraform never destroys what it looked up")
	assert.True(t, made.Address.Managed)
	assert.Contains(t, made.Forget, "aws_eip.new[0]")
	assert.Contains(t, made.Forget, "aws_route53_zone.new[0]", "a zone that Terraform made stays, too")
	for _, p := range []*terraform.Plan{found, made} {
		assert.Contains(t, p.Import().Resources, terraform.Import{Type: "aws:ec2/eip:Eip", Name: "host-address", ID: p.Address.ID, Parent: "host"})
	}
}
