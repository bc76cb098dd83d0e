//go:build boot

package machine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/machine"
	"github.com/talmolab/lablink-infrastructure/sim/nspawn"
)

// base is what `make test-boot` has made.
func base(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../.lablink/base")
	require.NoError(t, err)
	base, err := nspawn.Build(t.Context(), dir)
	require.NoError(t, err)
	return base
}

func TestBootOfAContainerWithWhatAnInstanceHas(t *testing.T) {
	w := newWorld(t)
	w.close()
	w.options = machine.Options{Base: base(t), Environment: []string{"COLOUR=blue"}}
	w.open()
	v := &cloud.Volume{AvailabilityZone: "us-west-2a", Size: 1}
	require.NoError(t, w.CreateVolume(v))
	i := w.launch(`token="$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)"
echo "I am $(curl -sf -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/instance-id), as $(id -un)"
curl -s https://ssm.us-west-2.amazonaws.com/ || echo "SSM is not to be had"
until [ -b /dev/disk/by-id/nvme-*vol* ]; do sleep 0.1; done
echo "it has $(blockdev --getsize64 /dev/disk/by-id/nvme-*) bytes"
systemd-run --wait --pipe sh -c 'echo "services see $COLOUR"'
curl -s -m 5 http://10.0.0.77/ || echo "nobody is there"
`)
	require.NoError(t, w.CreateVolumeAttachment(&cloud.VolumeAttachment{DeviceName: "/dev/sdf", InstanceID: i.ID, VolumeID: v.ID}))
	says := func(text string) {
		t.Helper()
		require.Eventually(t, func() bool { return strings.Contains(w.host.Console(i.ID), text) }, 5*time.Minute, 50*time.Millisecond, text)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(w.host.Console(i.ID))
		}
	})
	says("I am " + i.ID + ", as root")
	says("MissingAuthenticationToken")
	says("it has 1073741824 bytes")
	says("services see blue")
	says("nobody is there")
	w.terminate(i.ID)
	require.NoDirExists(t, filepath.Join(w.dir, "instances", i.ID))
	held, err := os.ReadFile("/proc/mounts")
	require.NoError(t, err)
	require.NotContains(t, string(held), w.dir)
}
