package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli"
	"github.com/talmolab/lablink-infrastructure/cli/doctor"
)

// patient is a computer that has every program, an account without much in it, and
// an engine with one stack.
type patient struct {
	doctor.Account // what is not asked for here

	region   string
	token    string
	selected string
	outputs  string
	engine   error
	expired  bool
	called   []string
}

func (p *patient) Find(program string) string            { return "/bin/" + program }
func (p *patient) Free(string) (uint64, error)           { return 100, nil }
func (p *patient) OptIn(context.Context) (string, error) { return "opted-in", nil }

func (p *patient) Type(context.Context, string) (doctor.Type, error) {
	return doctor.Type{Architecture: "x86_64", VCPUs: 4}, nil
}

func (p *patient) Offers(_ context.Context, types []string) (map[string][]string, error) {
	all := map[string][]string{}
	for _, t := range types {
		all[t] = []string{"us-west-2a"}
	}
	return all, nil
}
func (p *patient) Image(context.Context, string) (string, error)          { return "x86_64", nil }
func (p *patient) Quota(context.Context, string) (float64, error)         { return 1000, nil }
func (p *patient) Addresses(context.Context) ([]map[string]string, error) { return nil, nil }

func (p *patient) ZonesNamed(_ context.Context, name string) ([]string, error) {
	return []string{name}, nil
}
func (p *patient) Zone(_ context.Context, id string) (string, error) { return id, nil }

func (p *patient) Identity(context.Context) (doctor.Identity, error) {
	if p.expired {
		return doctor.Identity{}, &doctor.Refused{Expired: true, Err: errors.New("AWS answers ExpiredToken")}
	}
	return doctor.Identity{Account: "123456789012", ARN: "arn:aws:iam::123456789012:user/me"}, nil
}

func (p *patient) Clients(context.Context, string) ([]string, error) {
	return []string{"sts.amazonaws.com"}, nil
}

func (p *patient) Trust(_ context.Context, role string) (string, error) {
	return "", &doctor.Denied{Right: "iam:GetRole of " + role}
}

// computer is a patient's: its programs print what they have to.
type computer struct{ *patient }

func (computer) Output(_ context.Context, _ string, args ...string) (string, error) {
	return map[string]string{"version": "v3.210.0", "env GOVERSION": "go1.26.0", "env CC": "gcc"}[strings.Join(args, " ")], nil
}

// engine is a patient's.
type engine struct{ *patient }

func (e engine) Run(context.Context, ...string) error { return nil }

func (e engine) Output(_ context.Context, args ...string) ([]byte, error) {
	call := strings.Join(args, " ")
	e.called = append(e.called, call)
	switch {
	case e.engine != nil:
		return nil, e.engine
	case strings.Contains(call, "--show-name"):
		return []byte(e.selected + "\n"), nil
	case strings.Contains(call, "cloudflare:apiToken"):
		return []byte("the-token\n"), nil
	}
	return []byte(e.outputs), nil
}

const plain = `config:
  aws:region: us-west-2
  lablink:deployment: lab
  lablink:allocator: {ami: ami-00000001, instanceType: t3.small}
  lablink:pools: [{name: gpu, instanceTypes: [g5.xlarge], image: {id: ami-00000001}, maxMachines: 2}]
`

// examine calls lablink doctor in a folder with the stack test.
func (p *patient) examine(t *testing.T, file string, args ...string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), []byte("name: lablink\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.test.yaml"), []byte(file), 0o600))
	t.Setenv("PULUMI_BACKEND_URL", "")
	var c cli.Commands
	var out bytes.Buffer
	c.Out, c.Engine = &out, engine{p}
	c.Examined = cli.Examined{
		Laptop:     func(string) doctor.Laptop { return computer{p} },
		Account:    func(_ context.Context, region string) (doctor.Account, error) { p.region = region; return p, nil },
		Cloudflare: func(token string) doctor.Zones { p.token = token; return p },
	}
	parser, err := kong.New(&c, kong.Bind(&c.Globals), kong.BindTo(t.Context(), (*context.Context)(nil)))
	require.NoError(t, err)
	command, err := parser.Parse(append([]string{"doctor", "--dir", dir}, args...))
	require.NoError(t, err)
	err = command.Run(&c.Globals)
	return out.String(), err
}

func TestADoctorLooksAtTheComputerAndForAStackAtItsAccount(t *testing.T) {
	p := &patient{engine: errors.New("no stack selected")}
	out, err := p.examine(t, plain)
	require.NoError(t, err)
	require.Regexp(t, `credentials +ok +arn:aws:iam::123456789012:user/me of account 123456789012`, out)
	require.Contains(t, out, "lablink doctor --stack NAME looks at its account, too (no stack selected)")
	require.NotContains(t, out, "quota")
	require.Empty(t, p.region)

	out, err = (&patient{engine: errors.New("the bucket does not answer")}).examine(t, plain)
	require.Contains(t, out, "pulumi does not say which one is selected: the bucket does not answer")
	require.Equal(t, 2, cli.ExitCode(err), "whether its account lacks something is not known")

	out, err = p.examine(t, plain, "--stack", "test")
	require.NoError(t, err, "no pulumi is needed to look at an account")
	require.Equal(t, "us-west-2", p.region)
	require.Regexp(t, `settings +ok +Pulumi.test.yaml`, out)
	require.Regexp(t, `quota G and VT +ok +1000 vCPUs, for the 8 of 2 machines of pool gpu`, out)

	p = &patient{selected: "test"}
	out, err = p.examine(t, plain)
	require.NoError(t, err)
	require.Contains(t, out, "quota G and VT", "the stack that is selected")
}

func TestADoctorEndsByWhatItFound(t *testing.T) {
	out, err := (&patient{expired: true}).examine(t, plain, "--json", "--stack", "test")
	require.ErrorContains(t, err, "1 of ")
	require.Equal(t, 1, cli.ExitCode(err))
	var said struct {
		Status   string
		Findings []doctor.Finding
	}
	require.NoError(t, json.Unmarshal([]byte(out), &said))
	require.Equal(t, "wrong", said.Status)
	require.Contains(t, said.Findings, doctor.Finding{Check: "credentials", Status: doctor.Wrong, Found: "they have expired", Fix: "log in again (aws sso login), or take new keys"})

	withRoles := plain + "  lablink:github: {repository: talmolab/lablink}\n"
	out, err = (&patient{outputs: `{"contractVersion": 1, "deployRoleArn": "arn:aws:iam::123456789012:role/lab-deploy"}`}).examine(t, withRoles, "--stack", "test")
	require.Equal(t, 2, cli.ExitCode(err))
	require.Regexp(t, `role deploy +unknown +it cannot be told: these credentials need the right iam:GetRole of lab-deploy`, out)
	require.Regexp(t, `role preview +ok +there is none yet`, out)
	for outputs, engine := range map[string]error{"{}": nil, "": errors.New("no stack named 'test' found")} {
		out, err = (&patient{outputs: outputs, engine: engine}).examine(t, withRoles, "--stack", "test")
		require.NoError(t, err)
		require.Regexp(t, `role deploy +ok +there is none yet`, out, "a stack that was not deployed has none")
	}
	out, err = (&patient{engine: errors.New("pulumi is not on the PATH")}).examine(t, withRoles, "--stack", "test")
	require.Equal(t, 2, cli.ExitCode(err))
	require.Regexp(t, `roles +unknown .*pulumi is not on the PATH`, out)
}

func TestADoctorReadsTheSettingsFirst(t *testing.T) {
	out, err := (&patient{}).examine(t, plain+"  lablink:dns: {domian: lab.example.org}\n", "--stack", "test")
	require.Equal(t, 1, cli.ExitCode(err))
	require.Regexp(t, `settings +WRONG +lablink:dns.domian is not a setting\n +fix +did you mean lablink:dns.domain\?`, out)
	require.Contains(t, out, "credentials", "the computer is looked at all the same")
	out, err = (&patient{}).examine(t, plain, "--stack", "other")
	require.Equal(t, 1, cli.ExitCode(err))
	require.Contains(t, out, "Pulumi.other.yaml")
}

func TestADoctorTakesTheStacksTokenForCloudflare(t *testing.T) {
	const atCloudflare = plain + "  lablink:dns: {provider: cloudflare, domain: lab.example.org}\n  lablink:tls: {mode: cloudflare}\n"
	p := &patient{}
	out, err := p.examine(t, atCloudflare, "--stack", "test")
	require.NoError(t, err)
	require.Equal(t, "the-token", p.token)
	require.NotContains(t, out, "the-token")
	out, err = (&patient{engine: errors.New("configuration key 'cloudflare:apiToken' not found for stack 'test'")}).examine(t, atCloudflare, "--stack", "test")
	require.Equal(t, 1, cli.ExitCode(err))
	require.Regexp(t, `zone +WRONG +cloudflare:apiToken is not set`, out)
	out, err = (&patient{engine: errors.New("incorrect passphrase")}).examine(t, atCloudflare, "--stack", "test")
	require.Equal(t, 2, cli.ExitCode(err))
	require.Regexp(t, `zone +unknown .*incorrect passphrase`, out)
}
