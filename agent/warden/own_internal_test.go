package warden

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

func TestWhatALinkLeadsToStaysAsItIs(t *testing.T) {
	dir := t.TempDir()
	me := owner{os.Getuid(), os.Getgid(), os.Getgid()}
	other, folder, link := filepath.Join(dir, "other"), filepath.Join(dir, "folder"), filepath.Join(dir, "link")
	require.NoError(t, os.WriteFile(other, nil, 0o604))
	require.NoError(t, os.Mkdir(folder, 0o705))
	require.NoError(t, os.Symlink(other, link))
	require.ErrorContains(t, own(link, me, true), "is a link")
	require.NoError(t, own(link, me, false))
	require.Equal(t, os.FileMode(0o604), mode(t, other))
	require.NoError(t, own(other, me, false))
	require.Equal(t, os.FileMode(0o600), mode(t, other))
	require.NoError(t, own(folder, me, false))
	require.Equal(t, os.ModeDir|os.ModeSetgid|0o700, mode(t, folder), "what is made in it is for the agent, too")
	require.NoError(t, own(folder, me, true))
	require.Equal(t, os.ModeDir|os.ModeSetgid|0o750, mode(t, folder))
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	require.NoError(t, err)
	return info.Mode()
}

func TestJobsGoBeforeTheProgramsThatTheyBeginAndAfterThem(t *testing.T) {
	t.Setenv("LABLINK_ROOT", t.TempDir())
	job, file := host.Path("/var/spool/cron/crontabs/it"), host.Path("/tmp/it")
	write := func() {
		for _, path := range []string{job, file, host.Path(linger)} {
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			require.NoError(t, os.WriteFile(path, nil, 0o600))
		}
	}
	write()
	require.NoError(t, forget(os.Getuid(), func() error {
		require.NoFileExists(t, job)
		require.NoFileExists(t, host.Path(linger))
		write()
		return nil
	}))
	for _, path := range []string{job, file, host.Path(linger)} {
		require.NoFileExists(t, path)
	}
}
