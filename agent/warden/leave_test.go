package warden_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/warden"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

func TestAMachineThatIsGivenBackKeepsNothingOfSessions(t *testing.T) {
	w, m := newWarden(t)
	require.NoError(t, w.Begin(t.Context(), "anns"))
	require.NoError(t, os.WriteFile(host.Path(warden.Home+"/work"), []byte("hers"), 0o600))
	next(m)
	m.fail = "forget"
	require.Error(t, w.Leave(t.Context()))
	require.FileExists(t, host.Path(warden.Home+"/work"), "what does not work is tried again")
	m.fail = ""
	next(m)
	require.NoError(t, w.Leave(t.Context()))
	require.Equal(t, clearing, next(m))
	left, err := filepath.Glob(host.Path("/*/*/lablink-*"))
	require.NoError(t, err)
	require.Empty(t, left)
	require.FileExists(t, host.Path("/etc/skel/.bashrc"))
	require.NoError(t, w.Leave(t.Context()), "once more")
}
