package system

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// typed are the blocks of a document that are marked as a shell's.
var typed = regexp.MustCompile("(?ms)^ *```sh\n(.*?)^ *```$")

// follow runs what a document says to type, block after block in one shell, as its
// reader does, with something before it. It returns what all of that said.
func (l *local) follow(t *testing.T, document, before string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, document))
	require.NoError(t, err)
	script := []string{before}
	for _, m := range typed.FindAllStringSubmatch(string(raw), -1) {
		script = append(script, m[1])
	}
	require.Greater(t, len(script), 1, document)
	_, port, err := net.SplitHostPort(l.Door)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "bash", "-exc", strings.Join(script, "\n"))
	cmd.Dir, cmd.Env = root, append(environment(), "LABLINK_PORT="+port)
	out, err := cmd.CombinedOutput()
	t.Logf("%s\n%s", document, out)
	require.NoError(t, err, "%s: %s", document, out)
	return string(out)
}
