package boot

import (
	"strings"
	"testing"

	"github.com/coreos/go-systemd/v22/unit"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/warden"
)

// directives are those of a unit that this binary installs.
func directives(t *testing.T, name string) map[string]string {
	t.Helper()
	raw, err := unitFiles.ReadFile("units/" + name)
	require.NoError(t, err)
	options, err := unit.DeserializeOptions(strings.NewReader(string(raw)))
	require.NoError(t, err)
	said := map[string]string{}
	for _, o := range options {
		said[o.Name] = strings.TrimSpace(said[o.Name] + " " + o.Value)
	}
	return said
}

// Folders of a home are the agent's group's, by their setgid bit, which cp -r makes anew.
func TestAParticipantCanCopyFolders(t *testing.T) {
	require.NotContains(t, directives(t, "lablink-session.service"), "RestrictSUIDSGID")
}

// Who ends all their programs ends that of the session, too, which then ends well.
func TestADesktopBeginsAgainHoweverItEnded(t *testing.T) {
	for _, name := range []string{"lablink-session.service", "lablink-container.service"} {
		said := directives(t, name)
		require.Equal(t, "always", said["Restart"], name)
		require.NotEqual(t, "0", said["StartLimitIntervalSec"], "but not each second for ever")
	}
}

// What sets a machine up is run by the warden.
func TestWhatAScriptLeftRunningGoesOnOverARestart(t *testing.T) {
	said := directives(t, "lablink-warden.service")
	require.Equal(t, "process", said["KillMode"])
	for _, hinders := range []string{"ProtectHome", "ProtectKernelModules", "SystemCallArchitectures"} {
		require.NotContains(t, said, hinders)
	}
}

// Older ones of systemd make of some directives a list of devices, on which no GPU is.
func TestUnitsSeeTheMachinesGPUs(t *testing.T) {
	for _, name := range []string{"lablink-agent.service", "lablink-warden.service", "lablink-session.service", "lablink-container.service", "lablink-remote.service"} {
		said := directives(t, name)
		for _, hides := range []string{"ProtectClock", "PrivateDevices", "DevicePolicy", "DeviceAllow"} {
			require.NotContains(t, said, hides, name)
		}
	}
}

// PartOf stops the warden with the agent, and starts it with a restart only.
func TestTheWardenStartsWithTheAgent(t *testing.T) {
	require.Contains(t, strings.Fields(directives(t, "lablink-warden.service")["WantedBy"]), "lablink-agent.service")
}

// What connects a desktop may begin what its participant left in their home.
func TestWhatConnectsADesktopIsConfinedAsItIs(t *testing.T) {
	said := directives(t, warden.RemoteUnit)
	for _, own := range []string{
		"Description", "StartLimitIntervalSec", "StartLimitBurst", "Type", "ExecStart", "Restart", "RestartSec", "TimeoutStartSec", "OOMPolicy", "Environment",
	} {
		require.Contains(t, said, own)
		delete(said, own)
	}
	confined := map[string]string{}
	for _, property := range warden.Confinement() {
		name, value, _ := strings.Cut(property, "=")
		confined[name] = value
	}
	require.Equal(t, said, confined)
}
