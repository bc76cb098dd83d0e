package nspawn

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// OpenDisk makes a file a block device of this computer, and the file, if there is
// none: so many bytes of zeros.
func OpenDisk(ctx context.Context, file string, bytes int64) (device string, err error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", fmt.Errorf("make a disk: %w", err)
	}
	defer f.Close()
	if err := f.Truncate(bytes); err != nil {
		return "", fmt.Errorf("make a disk: %w", err)
	}
	return losetup(ctx, "--find", "--show", file)
}

// CloseDisk takes a device away again. One that is in use goes when it is not.
func CloseDisk(ctx context.Context, device string) error {
	_, err := losetup(ctx, "--detach", device)
	return err
}

// CloseDisks takes away the devices of all files of a folder.
func CloseDisks(ctx context.Context, dir string) error {
	list, err := losetup(ctx, "--list", "--noheadings", "--output", "NAME,BACK-FILE")
	if err != nil {
		return err
	}
	for line := range strings.Lines(list) {
		device, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		if filepath.Dir(strings.TrimSpace(file)) == dir {
			err = errors.Join(err, CloseDisk(ctx, device))
		}
	}
	return err
}

func losetup(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "losetup", args...).CombinedOutput()
	said := strings.TrimSpace(string(out))
	if err != nil {
		return "", fmt.Errorf("losetup %s: %w: %s", strings.Join(args, " "), err, said)
	}
	return said, nil
}

// NameDisks is a udev rule by which the disks of a folder are named as their files.
func NameDisks(dir string) string {
	return fmt.Sprintf("SUBSYSTEM==\"block\", ATTR{loop/backing_file}==\"%s/*\", PROGRAM=\"/usr/bin/basename $attr{loop/backing_file}\", SYMLINK+=\"disk/by-id/%%c\"\n", dir)
}

// Plug shows a device of this computer to a machine that runs, and lets its udev
// name it.
func Plug(ctx context.Context, pid int, device string) error {
	var info syscall.Stat_t
	if err := syscall.Stat(device, &info); err != nil {
		return fmt.Errorf("plug %s in: %w", device, err)
	}
	number := []string{fmt.Sprint(unix.Major(info.Rdev)), fmt.Sprint(unix.Minor(info.Rdev))}
	if _, err := Run(ctx, pid, "mknod", device, "b", number[0], number[1]); err != nil {
		return err
	}
	_, err := Run(ctx, pid, "udevadm", "trigger", "--action=add", device)
	return err
}
