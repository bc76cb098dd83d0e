package boot

import (
	"context"
	"errors"
	"fmt"
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
func formatVolume(ctx context.Context, volume string) error {
	out, err := exec.CommandContext(ctx, "blkid", "--probe", "--output", "value", "--match-tag", "TYPE", device(volume)).Output()
	var exit *exec.ExitError
	switch {
	case err == nil && len(out) > 0:
		return nil // it holds something: never touch it
	case errors.As(err, &exit) && exit.ExitCode() == 2: // blkid found nothing at all
	default:
		return fmt.Errorf("look whether the data volume is blank: %w", err)
	}
	if out, err := exec.CommandContext(ctx, "mkfs.ext4", "-q", "-L", "lablink-data", device(volume)).CombinedOutput(); err != nil {
		return fmt.Errorf("format the data volume: %w: %s", err, out)
	}
	return nil
}

// mountVolume mounts the volume by its UUID, now and at every boot.
func mountVolume(ctx context.Context, volume string) error {
	out, err := exec.CommandContext(ctx, "blkid", "--output", "value", "--match-tag", "UUID", device(volume)).Output()
	uuid := strings.TrimSpace(string(out))
	if err != nil || uuid == "" {
		return fmt.Errorf("read the UUID of the data volume: %w", err)
	}
	line := fmt.Sprintf("UUID=%s %s ext4 defaults,nofail,x-systemd.device-timeout=60 0 2\n", uuid, DataDir)
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
	if out, err := exec.CommandContext(ctx, "chown", host.User+":"+host.User, host.Path(DataDir)).CombinedOutput(); err != nil {
		return fmt.Errorf("give the data volume to %s: %w: %s", host.User, err, out)
	}
	return nil
}
