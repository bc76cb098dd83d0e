package warden_test

import (
	"io"
	"net/http/httptest"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/warden"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// reading is a warden whose files are read, and who reads them.
func reading(t *testing.T) (*warden.Warden, warden.Reader) {
	t.Helper()
	w, _ := newWarden(t)
	s := httptest.NewServer(w.Handler())
	t.Cleanup(s.Close)
	client := s.Client()
	t.Cleanup(client.CloseIdleConnections)
	return w, warden.Reader{URL: s.URL, HTTP: client}
}

func home(t *testing.T, name, what string) string {
	t.Helper()
	path := host.Path(warden.Home + "/" + name)
	require.NoError(t, os.WriteFile(path, []byte(what), 0o600))
	return path
}

func TestAFileThatIsClosedToTheAgentIsReadThroughTheWarden(t *testing.T) {
	w, r := reading(t)
	_, err := r.Open(t.Context(), "notes & more.txt")
	require.Equal(t, api.NotFound, api.CodeOf(err), "nobody has a session")
	require.NoError(t, w.Begin(t.Context(), "anns"))
	require.NoError(t, os.MkdirAll(host.Path(warden.Home+"/results"), 0o700))
	home(t, "results/notes & more.txt", "mine")
	body, err := r.Open(t.Context(), "results/notes & more.txt")
	require.NoError(t, err)
	raw, err := io.ReadAll(body)
	require.NoError(t, err)
	require.NoError(t, body.Close())
	require.Equal(t, "mine", string(raw))
	require.NoError(t, w.End(t.Context(), "anns"))
	_, err = r.Open(t.Context(), "results/notes & more.txt")
	require.Equal(t, api.NotFound, api.CodeOf(err), "their session ended")
}

// Who has the home puts there what they like, and root opens none of it.
func TestRootOpensNothingButFilesOfTheHome(t *testing.T) {
	w, r := reading(t)
	require.NoError(t, w.Begin(t.Context(), "anns"))
	at := func(name string) string { return host.Path(warden.Home + "/" + name) }
	secret := host.Path("/etc/secret")
	require.NoError(t, os.WriteFile(secret, []byte("root's"), 0o600))
	require.NoError(t, os.Symlink(secret, at("link-to-file")))
	require.NoError(t, os.Symlink(host.Path("/etc"), at("link-to-folder")))
	require.NoError(t, os.Symlink("/proc/self/root", at("magic")))
	require.NoError(t, syscall.Mkfifo(at("pipe"), 0o600))
	require.NoError(t, os.Mkdir(at("folder"), 0o700))
	for _, name := range []string{"link-to-file", "link-to-folder/secret", "magic/etc/passwd", "pipe", "folder", "missing", "link"} {
		_, err := r.Open(t.Context(), name)
		require.Equal(t, api.NotFound, api.CodeOf(err), name)
	}
	for _, name := range []string{"", ".", "..", "../etc/secret", "/etc/passwd", "folder/../../etc/secret", "a//b", "./a"} {
		_, err := r.Open(t.Context(), name)
		require.Equal(t, api.Invalid, api.CodeOf(err), name)
	}
}
