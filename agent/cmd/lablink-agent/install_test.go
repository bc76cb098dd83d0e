//go:build linux

package main

import (
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/boot"
	"github.com/talmolab/lablink-infrastructure/agent/internal/fakeallocator"
)

// has is a machine that has programs, and no others. Each writes down how it was called.
func has(t *testing.T, names ...string) (dir string) {
	dir = root(t, "")
	t.Setenv("LABLINK_SKIP", "user")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	bin := t.TempDir()
	for _, name := range names {
		program := "#!/bin/sh\necho " + name + ` "$@" >>"$LABLINK_ROOT/called"` + "\n"
		require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte(program), 0o755))
	}
	t.Setenv("PATH", bin)
	return dir
}

func TestAMachineOfOnesOwnShowsADesktopOnceItIsInstalled(t *testing.T) {
	dir := has(t, "bash", "git", "ip", "useradd", "systemctl", "Xvnc", "startxfce4")
	fake := fakeallocator.New()
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	t.Cleanup(fake.Close)
	var out bytes.Buffer
	require.NoError(t, execute(t.Context(), []string{"install", "--join=" + server.URL + "/#lbj_x"}, &out))
	assert.Contains(t, out.String(), "This machine serves")
	called, err := os.ReadFile(filepath.Join(dir, "called"))
	require.NoError(t, err)
	assert.Contains(t, string(called), "systemctl restart lablink-warden.service lablink-agent.service\n")

	stop := start(t, "--nvml=simulated:a100") // as its unit does, with what is in the file
	<-fake.Tunnels()
	report := <-fake.Reports()
	stop()
	assert.Equal(t, "lbj_x", fake.Registrations()[0].JoinToken)
	assert.Empty(t, report.Release, "no allocator has that release")
	require.NotNil(t, report.Session)
	assert.Equal(t, "vnc", report.Session.Desktop)

	write(t, filepath.Join(dir, "var/lib/lablink-image/home/of-the-image"), "")
	require.NoError(t, execute(t.Context(), []string{"uninstall"}, &out))
	assert.NoDirExists(t, filepath.Join(dir, "var/lib/lablink-image"))
	assert.NoFileExists(t, filepath.Join(dir, "etc/lablink/agent.json"))
	assert.NoDirExists(t, filepath.Join(dir, "var/lib/lablink-agent"))
	assert.NoFileExists(t, filepath.Join(dir, "etc/systemd/system/lablink-agent.service"))
}

func TestWhatAMachineOfOnesOwnLacksIsSaidBeforeAnythingIsChanged(t *testing.T) {
	const join = "--join=https://lab.example.org/#lbj_x"
	for says, c := range map[string]struct {
		programs, args []string
	}{
		"sudo apt-get install tigervnc-standalone-server xfce4": {[]string{"bash", "git", "ip", "useradd"}, []string{join}},
		"there is no desktop on this machine":                   {[]string{"bash", "git", "ip", "useradd", "Xvnc"}, []string{join}},
		"the program ip is missing":                             {[]string{"bash", "git", "useradd", "Xvnc", "startxfce4"}, []string{join}},
		"give vnc, container or crd":                            {nil, []string{join, "--desktop=none"}},
		"give the whole address":                                {nil, []string{"--join=https://lab.example.org"}},
		"\"join\" not set":                                      {nil, nil},
	} {
		dir := has(t, c.programs...)
		err := execute(t.Context(), append([]string{"install"}, c.args...), &bytes.Buffer{})
		require.ErrorContains(t, err, says)
		assert.NoDirExists(t, filepath.Join(dir, "etc"), says)
	}
	dir := has(t)
	write(t, filepath.Join(dir, "etc/lablink/agent.json"), `{"allocator_url": "https://lab.example.org"}`)
	for _, args := range [][]string{{"install", join}, {"uninstall"}} {
		require.ErrorContains(t, execute(t.Context(), args, &bytes.Buffer{}), "a deployment set this machine up")
	}
}

func TestTheDoctorSaysThatAMachineOfOnesOwnShowsNoDesktop(t *testing.T) {
	has(t, "bash", "git")
	var out bytes.Buffer
	args := []string{"doctor", "--join=http://127.0.0.1:1/#lbj_x", "--nvml=simulated:a100"}
	require.Error(t, execute(t.Context(), args, &out), "nobody is there")
	assert.Regexp(t, `desktop +ok +none: participants see this machine and no desktop of it; lablink-agent install`, out.String())
	out.Reset()
	require.Error(t, execute(t.Context(), append(args, "--desktop=vnc"), &out))
	assert.Regexp(t, `desktop +WRONG +TigerVNC is not on this machine: sudo apt-get install`, strings.ReplaceAll(out.String(), "\n", " "))
}

// Its unit says so with the same number.
func TestAnAgentThatWasReleasedIsNotStartedAgain(t *testing.T) {
	unit, err := os.ReadFile("../../boot/units/lablink-agent.service")
	require.NoError(t, err)
	assert.Contains(t, string(unit), "\nRestartPreventExitStatus=3\n")
	assert.Equal(t, 3, boot.ReleasedStatus)
	assert.Equal(t, boot.ReleasedStatus, status(agent.ErrReleased))
	assert.Equal(t, 1, status(os.ErrNotExist))
}
