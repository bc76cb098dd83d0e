package boot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// device is the name that udev gives an EBS volume.
func device(volume string) string {
	return "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_" + strings.ReplaceAll(volume, "-", "")
}

// formatVolume makes a file system on a volume that is blank, and on no other.
// It is blank when blkid finds nothing and it begins with zeros: blkid alone says
// the same (exit status 2) of a device that it could not open, and of data that
// it does not know.
func formatVolume(ctx context.Context, volume string) error {
	path := host.Path(device(volume))
	zeros, err := beginsWithZeros(path)
	if err != nil {
		return fmt.Errorf("the data volume %s cannot be read, so it is not formatted: %w. Look in the EC2 console whether it is attached to this instance and in order", volume, err)
	}
	out, err := exec.CommandContext(ctx, "blkid", "--probe", "--output", "value", "--match-tag", "TYPE", path).Output()
	var exit *exec.ExitError
	switch {
	case err == nil && len(out) > 0:
		return nil // it holds a file system: never touch it
	case err != nil && !errors.As(err, &exit):
		return fmt.Errorf("look whether the data volume is blank: %w", err)
	case !zeros || err == nil || exit.ExitCode() != 2:
		return fmt.Errorf("the data volume %s holds data, but no file system that blkid knows, so it is not formatted. Look at it with \"blkid --probe %s\"; if nothing on it is needed, empty it with \"dd if=/dev/zero of=%s bs=1M count=1\"", volume, path, path)
	}
	if out, err := exec.CommandContext(ctx, "mkfs.ext4", "-q", "-L", "lablink-data", path).CombinedOutput(); err != nil {
		return fmt.Errorf("format the data volume: %w: %s", err, out)
	}
	return nil
}

// beginsWithZeros reads the first MiB of a device, where every file system and
// partition table leaves something.
func beginsWithZeros(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	begin := make([]byte, 1<<20)
	if _, err := io.ReadFull(f, begin); err != nil {
		return false, fmt.Errorf("read %s: %w", path, err)
	}
	return len(bytes.Trim(begin, "\x00")) == 0, nil
}

// mountVolume mounts the volume by its UUID, now and at every boot.
func mountVolume(ctx context.Context, volume string) error {
	out, err := exec.CommandContext(ctx, "blkid", "--output", "value", "--match-tag", "UUID", host.Path(device(volume))).Output()
	uuid := strings.TrimSpace(string(out))
	if err != nil || uuid == "" {
		return fmt.Errorf("read the UUID of the data volume: %w", err)
	}
	line := fmt.Sprintf("UUID=%s %s ext4 defaults,nofail,x-systemd.growfs,x-systemd.device-timeout=60 0 2\n", uuid, DataDir)
	table, err := os.ReadFile(host.Path("/etc/fstab"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read /etc/fstab: %w", err)
	}
	if !strings.Contains(string(table), line) {
		if err := host.WriteFile("/etc/fstab", append(table, line...), 0o644); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(host.Path(DataDir), 0o750); err != nil {
		return fmt.Errorf("make %s: %w", DataDir, err)
	}
	if err := host.Systemctl(ctx, "daemon-reload"); err != nil {
		return err
	}
	if err := exec.CommandContext(ctx, "mountpoint", "--quiet", host.Path(DataDir)).Run(); err != nil {
		if out, err := exec.CommandContext(ctx, "mount", host.Path(DataDir)).CombinedOutput(); err != nil {
			return fmt.Errorf("mount the data volume: %w: %s", err, out)
		}
	}
	return ownDataDir(ctx)
}

// ownDataDir gives the folder of the data to the allocator's user.
func ownDataDir(ctx context.Context) error {
	if out, err := exec.CommandContext(ctx, "chown", host.User+":"+host.User, host.Path(DataDir)).CombinedOutput(); err != nil {
		return fmt.Errorf("give %s to %s: %w: %s", DataDir, host.User, err, out)
	}
	return nil
}
