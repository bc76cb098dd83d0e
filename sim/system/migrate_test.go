package system

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/launcher"
)

// move is a deployment of Terraform's, and the stack that takes its place.
type move struct {
	*engine
	tool, old string // Terraform's name and folder
	ids       map[string]string
	stack     launcher.Stack
}

// deployedByTerraform is an account in which Terraform has deployed LabLink, with a
// state of a generation for it.
func deployedByTerraform(t *testing.T, generation, tool string) *move {
	t.Helper()
	seed := filepath.Join(t.TempDir(), "seed.json")
	require.NoError(t, os.WriteFile(seed, []byte(`{"vpcs": [{"id": "`+oldVPC+`", "cidrBlock": "10.50.0.0/16"}],
		"subnets": [{"id": "`+oldSubnet+`", "vpcId": "`+oldVPC+`", "cidrBlock": "10.50.3.0/24", "availabilityZone": "us-west-2a", "mapPublicIpOnLaunch": true}]}`), 0o644))
	m := &move{engine: start(t, "--seed", seed), tool: tool, old: t.TempDir(), stack: launcher.Stack{Name: "moved"}}
	testdata := filepath.Join(m.root, "cli", "terraform", "testdata")
	raw, err := os.ReadFile(filepath.Join(testdata, generation+".tfstate"))
	require.NoError(t, err)
	if strings.Contains(string(raw), `"name": "existing"`) {
		require.NoError(t, os.WriteFile(filepath.Join(m.old, "address-by-hand"), []byte("by hand"), 0o600))
	}
	require.NoError(t, os.MkdirAll(filepath.Join(m.old, "config"), 0o755))
	require.NoError(t, copyFile(filepath.Join(testdata, "config.yaml"), filepath.Join(m.old, "config", "config.yaml")))

	m.shell(t, m.tool+` -chdir="$OLD" apply`)
	outputs, err := os.ReadFile(filepath.Join(m.old, "outputs.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(outputs, &m.ids))
	state := string(raw)
	for _, id := range []struct{ what, pattern string }{
		{"address", `eipalloc-[0-9a-f]{17}`}, {"ip", `203\.0\.113\.2\d`}, {"host", `\bi-[0-9a-f]{17}`}, {"zone", `Z0[A-Z0-9]{19}`},
	} {
		require.Regexp(t, id.pattern, state)
		state = regexp.MustCompile(id.pattern).ReplaceAllString(state, m.ids[id.what])
	}
	require.NoError(t, os.WriteFile(filepath.Join(m.old, "terraform.tfstate"), []byte(state), 0o600))
	return m
}

// step runs the one block of a step as the document says it is meant: with the names
// of this stack and this tool.
func (m *move) step(t *testing.T, blocks []string) {
	t.Helper()
	require.Len(t, blocks, 1)
	named := regexp.MustCompile(`\bprod\b`).ReplaceAllString(blocks[0], m.stack.Name)
	m.shell(t, regexp.MustCompile(`(?m)^tofu\b`).ReplaceAllString(named, m.tool))
}

// shell runs a block as it is written.
func (m *move) shell(t *testing.T, block string) string {
	t.Helper()
	bin := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(self, filepath.Join(bin, m.tool)))
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", block)
	cmd.Dir = m.root
	cmd.Env = append(os.Environ(), "OLD="+m.old, "PULUMI_SKIP_CONFIRMATIONS=true")
	for _, v := range m.Variables() {
		if v.Name == "PATH" {
			v.Value = bin + ":" + filepath.Dir(m.lablink()) + ":" + v.Value
		}
		cmd.Env = append(cmd.Env, v.Name+"="+v.Value)
	}
	return says(t, cmd)
}

// blocks are the commands below the headings of a document, by the heading.
func blocks(t *testing.T, name string) map[string][]string {
	t.Helper()
	raw, err := os.ReadFile(name)
	require.NoError(t, err)
	out, heading := map[string][]string{}, ""
	for _, part := range regexp.MustCompile("(?ms)^#+ ([^\n]+)$|^( *)```\n(.*?)^ *```$").FindAllStringSubmatch(string(raw), -1) {
		if part[1] != "" {
			heading = part[1]
			continue
		}
		out[heading] = append(out[heading], strings.ReplaceAll("\n"+part[3], "\n"+part[2], "\n"))
	}
	return out
}

// settings is what somebody changes in the draft: here to machines that this
// computer can start.
func (m *move) settings(t *testing.T) {
	t.Helper()
	m.stack.File = filepath.Join(m.root, "Pulumi.moved.yaml")
	raw, err := os.ReadFile(m.stack.File)
	require.NoError(t, err)
	text := string(raw)
	for was, is := range map[string]string{
		"[g5.xlarge]":        "[sim.gpu]",
		"ssmParameter: .*":   "id: ami-051700000000000a2",
		"  lablink:pools:\n": "  lablink:allocator: {instanceType: sim.small, ami: ami-051700000000000a1, dataVolumeGiB: 1}\n  lablink:pools:\n",
	} {
		at := regexp.MustCompile(strings.NewReplacer("[", `\[`, "]", `\]`).Replace(was))
		require.Regexp(t, at, text)
		text = at.ReplaceAllString(text, is)
	}
	require.NoError(t, os.WriteFile(m.stack.File, []byte(text), 0o644))
	require.NoError(t, m.Ensure(t.Context(), m.stack))
}

// leadsTo says which instance has the address.
func (m *move) leadsTo(t *testing.T) string {
	t.Helper()
	state, err := m.account.State(t.Context())
	require.NoError(t, err)
	for _, i := range state.Instances {
		if i.PublicIP == m.ids["ip"] && !i.Gone() {
			return i.ID
		}
	}
	return ""
}

// plannedWell looks whether the plan replaces and deletes nothing and keeps what was
// imported.
func (m *move) plannedWell(t *testing.T) {
	t.Helper()
	raw, err := m.Output(t.Context(), "preview", "--json", "--stack", m.stack.Name)
	require.NoError(t, err)
	var plan struct{ Steps []struct{ Op, URN string } }
	require.NoError(t, json.Unmarshal(raw, &plan))
	ops := map[string]string{}
	for _, step := range plan.Steps {
		require.Contains(t, []string{"same", "update", "create"}, step.Op, step.URN)
		ops[step.URN[strings.LastIndex(step.URN, "::")+2:]] = step.Op
	}
	require.Equal(t, "update", ops["host-address"], "it gets other tags")
	require.Equal(t, "update", ops["dns-record"], "a plan does not know yet that it stays as it is")
	require.Equal(t, "create", ops["host-instance"])
}

// From the state of each generation to a stack that serves under the name and the
// address that were there, by what the document and the report say, to the letter.
func TestADeploymentOfTerraformsMovesToAStackAndBack(t *testing.T) {
	for _, c := range []struct {
		generation, tool string
		back             bool
	}{{"template", "tofu", false}, {"older", "terraform", true}} {
		t.Run(c.generation, func(t *testing.T) {
			m := deployedByTerraform(t, c.generation, c.tool)
			t.Cleanup(func() {
				require.NoError(t, os.RemoveAll(filepath.Join(m.root, "migration")))
				require.NoError(t, os.RemoveAll(filepath.Join(m.root, "Pulumi.moved.yaml")))
			})
			steps := blocks(t, filepath.Join(m.root, "docs", "coming-from-terraform.md"))
			require.Equal(t, []string{"\nOLD=../lablink-template/lablink-infrastructure\n"}, steps["Moving a deployment"])
			require.Equal(t, m.ids["host"], m.leadsTo(t))
			m.step(t, steps["2. Plan"])
			m.step(t, steps["3. Make the stack"])
			m.settings(t)
			m.step(t, steps["4. Import, and look at the plan"])
			m.plannedWell(t)
			report := blocks(t, filepath.Join(m.root, "migration", "report.md"))
			leaving := report["Left for Terraform"]
			m.shell(t, leaving[0])
			require.Equal(t, m.ids["host"], m.leadsTo(t), "nothing has changed in the account")

			// The second line is done below, by what knows where the name leads.
			up, found := strings.CutSuffix(steps["6. Deploy"][0], "lablink verify --stack prod --wait 10m\n")
			require.True(t, found)
			m.step(t, []string{up})
			there := m.deployed(t, m.stack)
			require.Equal(t, []string{m.ids["address"], m.ids["record"]}, []string{there["host-address"].ID, there["dns-record"].ID})
			require.True(t, there["host-address"].Protect && there["dns-record"].Protect)
			require.Equal(t, there["host-instance"].ID, m.leadsTo(t))
			d := m.reach(t, m.stack)
			require.Equal(t, []string{"https://lab.example.org", m.ids["ip"]}, []string{d.URL, d.PublicAddress})
			d.ready(t)
			m.verify(t, m.stack, d)
			if c.back {
				m.goBack(t, report["The way back"])
				return
			}
			planned := regexp.MustCompile(`0 to add, 0 to change, \d+ to destroy`).FindString(m.shell(t, leaving[1]))
			raw, err := os.ReadFile(filepath.Join(m.root, "migration", "report.md"))
			require.NoError(t, err)
			require.Contains(t, string(raw), "`"+planned+"`")
			m.shell(t, leaving[2])
			require.Equal(t, there["host-instance"].ID, m.leadsTo(t))
			m.must(t, m.stack, "refresh", "--preview-only", "--expect-no-changes", "--suppress-outputs")
			d.ready(t)
		})
	}
}

// goBack takes the report's way back: the old host has its address again, and the
// stack is gone.
func (m *move) goBack(t *testing.T, steps []string) {
	t.Helper()
	require.Len(t, steps, 3)
	for _, step := range steps[:2] {
		m.shell(t, step)
	}
	require.Equal(t, m.ids["host"], m.leadsTo(t))
	m.shell(t, steps[2])
	require.Equal(t, m.ids["host"], m.leadsTo(t), "the stack is gone, and took nothing of this along")
	known, err := m.Known(t.Context())
	require.NoError(t, err)
	require.NotContains(t, known, m.stack.Name)
	// Host, address, its tags and the record are as Terraform left them.
	m.shell(t, m.tool+` -chdir="$OLD" plan -detailed-exitcode`)
}
