package machine_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/machine"
)

func TestUserDataRunsOnceInTheMachinesFolder(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	i := w.launch("echo on the console\npwd > " + box.path + "\nenv | grep ^LABLINK_ | sort > " + box.path + "\necho end > " + box.path)
	root := filepath.Join(w.dir, "instances", i.ID, "root")
	require.Equal(t, root, box.next())
	require.Regexp(t, "^LABLINK_DATABASE_PROXY=127.0.0.1:", box.next())
	require.Regexp(t, "^LABLINK_PEERS=@", box.next())
	require.Equal(t, "LABLINK_ROOT="+root, box.next())
	require.Equal(t, "LABLINK_SIMULATOR="+w.dir, box.next())
	require.Equal(t, "LABLINK_SKIP=user,format,mount", box.next())
	require.Regexp(t, "^LABLINK_SUPERVISOR=", box.next())
	require.Equal(t, "end", box.next())
	w.close()
	require.Equal(t, "on the console\n", w.host.Console(i.ID))
}

func TestUserDataThatFailsIsSaidOnTheConsole(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	i := w.launch("echo here > " + box.path + "\nexit 7")
	box.next()
	require.Eventually(t, func() bool { return strings.Contains(w.host.Console(i.ID), "user data failed: exit status 7") }, timeout, tick)
}

func TestAMachineOfAnotherArchitectureDoesNotStart(t *testing.T) {
	w := newWorld(t)
	foreign := map[string][2]string{"x86_64": {"ami-0d12a364000000001", "t4g.small"}, "arm64": {"ami-0d12a064000000002", "t3.small"}}[machine.Native()]
	i := w.launch("exit 0", func(i *cloud.Instance) { i.AMI, i.InstanceType = foreign[0], foreign[1] })
	w.close() // waits until all have booted
	require.Contains(t, w.host.Console(i.ID), "exec format error")
}

func TestAGPUMachineSaysWhichGPUItPretendsToHave(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	w.launch("echo ${LABLINK_NVML:-none} > "+box.path, func(i *cloud.Instance) { i.InstanceType = "sim.gpu.large" })
	require.Equal(t, "simulated:h100", box.next())
	w.launch("echo ${LABLINK_NVML:-none} > " + box.path)
	require.Equal(t, "none", box.next())
}

func TestAMachineThatComesBackStartsItsUnitsAndNotItsUserData(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	i := w.launch(program("serve", "echo started > "+box.path+"\nexec sleep 1000") +
		unit("it.service", "[Service]\nExecStart=/opt/serve\n[Install]\nWantedBy=multi-user.target") +
		"systemctl enable --now it.service\necho user data > " + box.path)
	require.ElementsMatch(t, []string{"started", "user data"}, []string{box.next(), box.next()})
	done := filepath.Join(w.dir, "instances", i.ID, "user-data-done")
	require.Eventually(t, func() bool { _, err := os.Stat(done); return err == nil }, timeout, tick)
	w.close()
	w.open()
	require.Equal(t, "started", box.next())
	w.launch("echo another > " + box.path)
	require.Equal(t, "another", box.next(), "the first one's user data did not run again")
}

func TestAMachineThatIsStoppedAndStartedRunsItsUnitsAgain(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	i := w.launch(program("serve", "echo ${LABLINK_NVML:-none} > "+box.path+"\nexec sleep 1000") +
		unit("it.service", "[Service]\nExecStart=/opt/serve\n[Install]\nWantedBy=multi-user.target") +
		"systemctl enable --now it.service")
	require.Equal(t, "none", box.next())
	done := filepath.Join(w.dir, "instances", i.ID, "user-data-done")
	require.Eventually(t, func() bool { _, err := os.Stat(done); return err == nil }, timeout, tick)
	require.NoError(t, w.UpdateInstance(i.ID, &cloud.Instance{InstanceType: "sim.gpu.large"}))
	require.Equal(t, "simulated:h100", box.next(), "it is the machine that it was changed into")
}

func TestAMachineThatRebootsRunsItsUnitsAtAnotherBoot(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	i := w.launch(program("serve", "cat $LABLINK_ROOT/proc/sys/kernel/random/boot_id > "+box.path+
		"\nuntil [ -e $LABLINK_ROOT/../user-data-done ]; do read -t 0.02 < /dev/zero || true; done"+
		"\n[ -e $LABLINK_ROOT/once ] || { touch $LABLINK_ROOT/once; systemctl reboot; }\nexec sleep 1000") +
		unit("it.service", "[Service]\nExecStart=/opt/serve\n[Install]\nWantedBy=multi-user.target") +
		"systemctl enable --now it.service")
	boots := []string{box.next()}
	boots = append(boots, box.next()) // as it has asked for itself
	require.NotEqual(t, boots[0], boots[1])
	require.NoError(t, w.Reboot([]string{i.ID}))
	require.NotContains(t, boots, box.next())
	require.ErrorContains(t, w.Reboot([]string{"i-0123456789abcdef0"}), "does not exist")
}

// attached is a shell command that waits until the machine sees its volume's device.
const attached = "until [ -e $LABLINK_ROOT/dev/disk/by-id/* ]; do read -t 0.02 < /dev/zero || true; done\n"

func TestAVolumeOutlivesItsMachine(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	v := &cloud.Volume{AvailabilityZone: "us-west-2a", Size: 1}
	require.NoError(t, w.CreateVolume(v))
	use := func(script string) *cloud.Instance {
		i := w.launch(attached + script)
		require.NoError(t, w.CreateVolumeAttachment(&cloud.VolumeAttachment{DeviceName: "/dev/sdf", InstanceID: i.ID, VolumeID: v.ID}))
		return i
	}
	first := use("ls $LABLINK_ROOT/dev/disk/by-id > " + box.path + "\necho kept > $LABLINK_ROOT/var/lib/lablink/data\necho written > " + box.path)
	require.Equal(t, "nvme-Amazon_Elastic_Block_Store_"+strings.ReplaceAll(v.ID, "-", ""), box.next())
	require.Equal(t, "written", box.next())
	w.terminate(first.ID)
	require.NoDirExists(t, filepath.Join(w.dir, "instances", first.ID))
	use("cat $LABLINK_ROOT/var/lib/lablink/data > " + box.path)
	require.Equal(t, "kept", box.next())
}

// The snapshot is of one moment, and the volume that is made of it goes its own way.
func TestASnapshotKeepsWhatWasOnTheVolumeThen(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	v := &cloud.Volume{AvailabilityZone: "us-west-2a", Size: 1}
	require.NoError(t, w.CreateVolume(v))
	i := w.launch(attached +
		"mkdir $LABLINK_ROOT/var/lib/lablink/keys; echo secret > $LABLINK_ROOT/var/lib/lablink/keys/k; chmod 600 $LABLINK_ROOT/var/lib/lablink/keys/k\necho written > " + box.path)
	require.NoError(t, w.CreateVolumeAttachment(&cloud.VolumeAttachment{DeviceName: "/dev/sdf", InstanceID: i.ID, VolumeID: v.ID}))
	require.Equal(t, "written", box.next())
	s := &cloud.Snapshot{VolumeID: v.ID}
	require.NoError(t, w.CreateSnapshot(s))
	at := func(volume string) string { return filepath.Join(w.dir, "volumes", volume, "keys", "k") }
	require.NoError(t, os.WriteFile(at(v.ID), []byte("changed"), 0o600))
	restored := &cloud.Volume{AvailabilityZone: "us-west-2a", SnapshotID: s.ID}
	require.NoError(t, w.CreateVolume(restored))
	raw, err := os.ReadFile(at(restored.ID))
	require.NoError(t, err)
	require.Equal(t, "secret\n", string(raw))
	info, err := os.Stat(at(restored.ID))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
}

// What is written by halves is there by halves, as on a disk whose power fails: a
// machine does not go on while its volume is copied.
func TestAMachineStandsStillWhileItsVolumeIsSaved(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	v := &cloud.Volume{AvailabilityZone: "us-west-2a", Size: 1}
	require.NoError(t, w.CreateVolume(v))
	i := w.launch(attached + "cd $LABLINK_ROOT/var/lib/lablink\n" +
		"echo 0 > first; echo 0 > second; echo going > " + box.path + "\nn=0; while :; do n=$((n+1)); echo $n > first; echo $n > second; done")
	require.NoError(t, w.CreateVolumeAttachment(&cloud.VolumeAttachment{DeviceName: "/dev/sdf", InstanceID: i.ID, VolumeID: v.ID}))
	require.Equal(t, "going", box.next())
	for range 20 {
		s := &cloud.Snapshot{VolumeID: v.ID}
		require.NoError(t, w.CreateSnapshot(s))
		read := func(name string) int {
			raw, err := os.ReadFile(filepath.Join(w.dir, "snapshots", s.ID, name))
			require.NoError(t, err)
			n, _ := strconv.Atoi(strings.TrimSpace(string(raw))) // cut off by the shell, or empty
			return n
		}
		if first, second := read("first"), read("second"); first > 0 && second > 0 {
			require.Contains(t, []int{0, 1}, first-second)
		}
	}
}
