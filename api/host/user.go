package host

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// MakeUser makes the user that services run as.
func MakeUser(ctx context.Context) error {
	if err := exec.CommandContext(ctx, "id", "-u", User).Run(); err == nil {
		return nil
	}
	return command(ctx, "useradd", "--system", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", User)
}

// RemoveUser takes the user away that services run as.
func RemoveUser(ctx context.Context) error {
	if err := exec.CommandContext(ctx, "id", "-u", User).Run(); err != nil {
		return nil //nolint:nilerr // there is none
	}
	return command(ctx, "userdel", User)
}

// ForServices gives a file to root, and to the group of who services run as.
func ForServices(path string) error {
	if skipped("user") {
		return nil
	}
	u, err := user.Lookup(User)
	if err != nil {
		return fmt.Errorf("find the user %s: %w", User, err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return fmt.Errorf("find the group of %s: %w", User, err)
	}
	if err := os.Lchown(Path(path), 0, gid); err != nil {
		return fmt.Errorf("give %s to %s: %w", path, User, err)
	}
	return nil
}

// AsUser makes a command run as the user that services run as.
func AsUser(cmd *exec.Cmd) error {
	if skipped("user") {
		return nil
	}
	u, err := user.Lookup(User)
	if err != nil {
		return fmt.Errorf("find the user %s: %w", User, err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return fmt.Errorf("find the user %s: %w", User, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return fmt.Errorf("find the group of %s: %w", User, err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return nil
}
