package system

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli/doctor"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/launcher"
)

// doctor calls lablink doctor for a stack, under more variables, and returns what it
// found, by check, and how it ended.
func (e *engine) doctor(t *testing.T, s launcher.Stack, more ...string) (map[string]doctor.Finding, int) {
	t.Helper()
	cmd := e.command(t, e.lablink(), "doctor", "--json", "--patience", "5m", "--stack", s.Name, "--config-file", s.File)
	for _, v := range e.Variables() {
		cmd.Env = append(cmd.Env, v.Name+"="+v.Value)
	}
	cmd.Env = append(cmd.Env, more...)
	raw, err := cmd.Output()
	t.Logf("lablink doctor %v\n%s", more, raw)
	if err != nil {
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
	}
	var said struct{ Findings []doctor.Finding }
	require.NoError(t, json.Unmarshal(raw, &said))
	out := map[string]doctor.Finding{}
	for _, f := range said.Findings {
		out[f.Check] = f
	}
	return out, cmd.ProcessState.ExitCode()
}

// healthy looks at a stack that lacks nothing.
func (e *engine) healthy(t *testing.T, s launcher.Stack, more ...string) {
	t.Helper()
	found, code := e.doctor(t, s, more...)
	for _, f := range found {
		require.Equal(t, doctor.OK, f.Status, "%+v", f)
	}
	require.Zero(t, code)
}

// ill looks at a stack that lacks one thing.
func (e *engine) ill(t *testing.T, s launcher.Stack, check, says, fix string, more ...string) {
	t.Helper()
	found, code := e.doctor(t, s, more...)
	require.Equal(t, 1, code)
	require.Equal(t, doctor.Wrong, found[check].Status, "%+v", found[check])
	require.Contains(t, found[check].Found, says)
	require.Contains(t, found[check].Fix, fix)
	for _, f := range found {
		require.True(t, f.Check == check || f.Status != doctor.Wrong, "nothing else is wrong: %+v", f)
	}
}

// keysOf are the credentials of somebody in the simulated account.
func keysOf(key, secret string) aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(key, secret, "")
}

func TestADoctorFindsWhatAnAccountLacksBeforeAnythingIsDeployed(t *testing.T) {
	e := start(t, "--oidc", github)
	local, test := e.stack(t, "local"), e.stack(t, "test")
	e.healthy(t, local)
	e.healthy(t, test)

	e.ill(t, e.stack(t, "local", "config:\n", "config:\n  lablink:account: {id: \"210987654321\"}\n"),
		"account", "these credentials are of account 123456789012", "take credentials of account 210987654321")
	e.ill(t, e.stack(t, "test", "test.lab.example.org", "test.lab.example.net"),
		"zone", "looked for test.lab.example.net, lab.example.net, example.net", "aws route53 create-hosted-zone --name test.lab.example.net")
	e.ill(t, test, "credentials", "answered by AWS: InvalidClientTokenId", "aws sso login", "AWS_ACCESS_KEY_ID=AKIANOBODY")
	e.ill(t, local, "state", "there is no bucket nobodys-state", "PULUMI_BACKEND_URL", "PULUMI_BACKEND_URL=s3://nobodys-state?region=us-west-2")
	e.ill(t, local, "git", "it is not on the PATH", "apt-get install git", "PATH="+pathWithout(t, "git"))

	require.NoError(t, e.account.SetFaults(t.Context(), cloud.Faults{Quotas: map[string]float64{"L-DB2E81BA": 8}}))
	e.ill(t, test, "quota G and VT", "8 vCPUs, and 20 are needed for 5 machines of pool gpu", "--quota-code L-DB2E81BA --desired-value 20")
	require.NoError(t, e.account.SetFaults(t.Context(), cloud.Faults{}))

	client := ec2.New(ec2.Options{Region: "us-west-2", BaseEndpoint: aws.String(e.account.URL), Credentials: keysOf(cloud.DeveloperKey, cloud.DeveloperSecret)})
	_, err := client.DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: aws.String("ami-051700000000000a2")})
	require.NoError(t, err)
	e.ill(t, local, "image of pool gpu", "us-west-2 has no image ami-051700000000000a2", "lablink image pin local")
}

// pathWithout is a PATH with the programs that a deployment calls, apart from one.
func pathWithout(t *testing.T, left string) string {
	t.Helper()
	dir := t.TempDir()
	for _, program := range []string{"git", "go", "make", "npm", "gcc", "cc"} {
		at, err := exec.LookPath(program)
		require.NoError(t, err)
		if program != left {
			require.NoError(t, os.Symlink(at, filepath.Join(dir, program)))
		}
	}
	return dir
}
