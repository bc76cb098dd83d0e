package system

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/stretchr/testify/require"
)

// answers are those of somebody at the local stack who says yes to each update.
const answers = `eval "$(make env)"
export STACK=local
pulumi() { command pulumi "$@" $([ "$1" != up ] || echo --yes); }`

// keepsItsRunbooks follows docs/operations.md, by which a host takes another's place,
// and then ends that one: a refresh finds it gone.
func (l *local) keepsItsRunbooks(t *testing.T) {
	t.Helper()
	p, err := l.Pulumi(t.Context())
	require.NoError(t, err)
	account, err := l.StartSimulator(t.Context())
	require.NoError(t, err)
	host := func() string { return resources(t, p, "local")["host-instance"] }
	first := host()
	said := l.follow(t, "docs/operations.md", answers)
	require.Contains(t, said, "runs")
	second := host()
	require.NotEqual(t, first, second)

	ec2s := asDeveloper(account)
	_, err = ec2s.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{second}})
	require.NoError(t, err)
	eventually(t, "the host is gone", func() bool {
		out, err := ec2s.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{second}})
		return err == nil && out.Reservations[0].Instances[0].State.Name == types.InstanceStateNameTerminated
	})
	l.plain(t, "pulumi up --refresh -s local --yes --skip-preview")
	require.NotEqual(t, second, host())
	l.answers(t)
}

// typed are the blocks of a document that are marked as a shell's.
var typed = regexp.MustCompile("(?ms)^ *```sh\n(.*?)^ *```$")

// follow runs what a document says to type, block after block in one shell, as its
// reader does, with something before it. It returns what all of that said.
func (l *local) follow(t *testing.T, document, before string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(l.Root, document))
	require.NoError(t, err)
	script := []string{before}
	for _, m := range typed.FindAllStringSubmatch(string(raw), -1) {
		script = append(script, m[1])
	}
	require.Greater(t, len(script), 1, document)
	_, port, err := net.SplitHostPort(l.Door)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "bash", "-exc", strings.Join(script, "\n"))
	cmd.Dir, cmd.Env = l.Root, append(environment(), "LABLINK_PORT="+port)
	out, err := cmd.CombinedOutput()
	t.Logf("%s\n%s", document, out)
	require.NoError(t, err, "%s: %s", document, out)
	return string(out)
}
