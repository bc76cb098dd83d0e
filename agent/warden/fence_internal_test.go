package warden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// programs puts one in the place of ip and systemctl, and returns what they were called
// with. Ip shows what it was told to add.
func programs(t *testing.T) (called func() string) {
	t.Helper()
	t.Setenv("LABLINK_ROOT", t.TempDir())
	dir := t.TempDir()
	told := filepath.Join(dir, "told")
	script := "#!/bin/sh\necho \"$(basename \"$0\") $*\" >>" + told + "\n[ \"$2 $3\" = 'rule show' ] && cat " + told + "\ntrue\n"
	for _, name := range []string{"ip", "systemctl"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755))
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return func() string {
		raw, err := os.ReadFile(told)
		require.NoError(t, err)
		return string(raw)
	}
}

func TestRulesThatFenceAreTheKernelsAndAddedOnce(t *testing.T) {
	called := programs(t)
	for range 2 {
		require.NoError(t, fence(t.Context(), "990"))
	}
	require.Equal(t, 1, strings.Count(called(), "ip -4 rule add pref 100 protocol kernel to 169.254.169.254 uidrange 990-990 prohibit\n"))
}

func TestNothingRunsForTheSessionsUserButItsSession(t *testing.T) {
	called := programs(t)
	cron, at := host.Path("/etc/cron.deny"), host.Path("/etc/at.deny")
	require.NoError(t, alone(t.Context(), "990"))
	require.Equal(t, "systemctl mask user@990.service\n", called())
	require.NoFileExists(t, at, "without it nobody may")
	require.NoError(t, os.WriteFile(at, []byte("games"), 0o644))
	require.NoError(t, os.MkdirAll(host.Path("/etc/systemd/system"), 0o755))
	require.NoError(t, os.Symlink(os.DevNull, host.Path("/etc/systemd/system/user@990.service")))
	for range 2 {
		require.NoError(t, alone(t.Context(), "990"))
	}
	require.Equal(t, "systemctl mask user@990.service\n", called(), "once")
	for file, want := range map[string]string{cron: User + "\n", at: "games\n" + User + "\n"} {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, want, string(raw))
	}
}

func TestWhoMayHaveJobsIsAsItWasOnceTheSessionsUserLeaves(t *testing.T) {
	for name, c := range map[string]struct {
		before *string // nil: there was none
		added  string  // by the owner meanwhile
		after  *string
	}{
		"there was none":                 {},
		"none, and another one since":    {nil, "games\n", new("games\n")},
		"nobody was in it":               {new(""), "", new("")},
		"with blank lines":               {new("\ngames\n\n\n"), "", new("\ngames\n\n\n")},
		"its last line does not end":     {new("games"), "", new("games")},
		"as that, and another one since": {new("games"), "guest\n", new("games\nguest\n")},
	} {
		t.Run(name, func(t *testing.T) {
			programs(t)
			for file, always := range map[string]bool{cronDeny: true, atDeny: false} {
				if c.before == nil && !always {
					continue // it is never made
				}
				path := host.Path(file)
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
				if c.before != nil {
					require.NoError(t, os.WriteFile(path, []byte(*c.before), 0o640))
				}
				require.NoError(t, deny(file, always))
				raw, err := os.ReadFile(path)
				require.NoError(t, err)
				require.Contains(t, string(raw), User)
				require.NoError(t, os.WriteFile(path, append(raw, c.added...), 0o640))
				for range 2 {
					require.NoError(t, allow(file, always))
				}
				if c.after == nil {
					require.NoFileExists(t, path)
					continue
				}
				raw, err = os.ReadFile(path)
				require.NoError(t, err)
				require.Equal(t, *c.after, string(raw), file)
			}
		})
	}
}

// Without the file nobody may use at.
func TestAFileThatWasNotMadeHereStays(t *testing.T) {
	programs(t)
	require.NoError(t, os.MkdirAll(host.Path("/etc"), 0o755))
	require.NoError(t, os.WriteFile(host.Path(atDeny), []byte(User+"\n"), 0o640)) // as its owner tidied it
	require.NoError(t, allow(atDeny, false))
	raw, err := os.ReadFile(host.Path(atDeny))
	require.NoError(t, err)
	require.Empty(t, raw)
}

func TestContainersAreFencedByTheirNetworkOnce(t *testing.T) {
	called := programs(t)
	for range 2 {
		require.NoError(t, fenceFrom(t.Context(), "198.19.77.0/24"))
	}
	require.Equal(t, 1, strings.Count(called(), "ip -4 rule add pref 100 protocol kernel from 198.19.77.0/24 to 169.254.169.254 prohibit\n"))
}

func TestWhatWasClosedToContainersIsOpenOnceTheMachineIsGivenBack(t *testing.T) {
	called := programs(t)
	const network, rule = "198.19.77.0/24", "from 198.19.77.0/24 to 169.254.169.254 prohibit"
	require.NoError(t, Contained{From: network}.Leave(t.Context()))
	require.NotContains(t, called(), "rule del", "nothing was closed")
	require.NoError(t, fenceFrom(t.Context(), network))
	require.NoError(t, Contained{From: network}.Leave(t.Context()))
	require.Equal(t, 1, strings.Count(called(), "ip -4 rule del pref 100 "+rule+"\n"))
}
