package nspawn

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// release and mirror are what the base system is made of: Debian 12, which the
// allocator's host boots on AWS.
const (
	release = "bookworm"
	mirror  = "http://deb.debian.org/debian"
)

// packages are those of the base system beside Debian's smallest. Those of cloud-init
// are installed when it can run what they bring.
var (
	packages = []string{"systemd-sysv", "dbus", "udev", "ca-certificates", "curl", "iproute2", "e2fsprogs", "netbase"}
	later    = []string{"cloud-init", "tigervnc-standalone-server", "podman", "netavark", "iptables"}
)

// baseFiles are in every machine. A machine finds its user data where the simulator
// puts it, its network is there before it boots, and what it generates for people
// who log in is left out.
var baseFiles = map[string]string{
	"/etc/cloud/cloud.cfg.d/90_machine.cfg": `datasource_list: [NoCloud]
network: {config: disabled}
locale: false
ssh_deletekeys: false
ssh_genkeytypes: []
`,
	// Images of containers need a file system below that podman can lay others over, and
	// come from a registry of tests, which has no certificate.
	"/etc/fstab": "tmpfs /var/lib/containers tmpfs mode=0700 0 0\n",
	"/etc/containers/registries.conf.d/tests.conf": "[[registry]]\nlocation = \"" + Registry + "\"\ninsecure = true\n",
	"/etc/machine-id": "",
	"/etc/hostname":   "",
}

// Registry is where machines find images of containers: at any address, in a network for
// documentation, as all is found at the end of the cable.
const Registry = "198.51.100.7:5055"

// masked are units that would change the computer on which the machine runs.
var masked = []string{"systemd-sysctl.service", "systemd-modules-load.service"}

// Built reports whether the base system is there.
func Built(dir string) bool {
	have, err := os.ReadFile(filepath.Join(dir, "base.recipe"))
	return err == nil && string(have) == recipe()
}

// Build makes the base system, unless there is one of the same recipe, and returns
// its folder. That takes some minutes. It is asked for in a folder of its own.
func Build(ctx context.Context, dir string) (string, error) {
	base, kept := filepath.Join(dir, "base"), filepath.Join(dir, "base.recipe")
	if Built(dir) {
		return base, nil
	}
	if err := errors.Join(os.RemoveAll(kept), os.RemoveAll(base), os.MkdirAll(dir, 0o755)); err != nil {
		return "", fmt.Errorf("make room for the base system: %w", err)
	}
	if err := build(ctx, base); err != nil {
		return "", err
	}
	return base, os.WriteFile(kept, []byte(recipe()), 0o644)
}

// recipe is a sum of all that the base system is made of.
func recipe() string {
	sum := sha256.Sum256(fmt.Append(nil, release, mirror, packages, later, baseFiles, masked))
	return hex.EncodeToString(sum[:])
}

func build(ctx context.Context, base string) error {
	if err := quietly(ctx, "debootstrap", "--variant=minbase", "--include="+strings.Join(packages, ","), release, base, mirror); err != nil {
		return err
	}
	// What is installed is not started: nothing runs there.
	policy := filepath.Join(base, "usr/sbin/policy-rc.d")
	if err := os.WriteFile(policy, []byte("#!/bin/sh\nexit 101\n"), 0o755); err != nil {
		return fmt.Errorf("keep services of the base system from starting: %w", err)
	}
	install := "apt-get update -q && apt-get install -y --no-install-recommends " + strings.Join(later, " ") + " && apt-get clean"
	if err := quietly(ctx, "chroot", base, "env", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", install); err != nil {
		return err
	}
	if err := os.Remove(policy); err != nil {
		return fmt.Errorf("let services of the base system start: %w", err)
	}
	for path, text := range baseFiles {
		if err := os.WriteFile(filepath.Join(base, path), []byte(text), 0o644); err != nil {
			return fmt.Errorf("write a file of the base system: %w", err)
		}
	}
	for _, unit := range masked {
		if err := os.Symlink("/dev/null", filepath.Join(base, "etc/systemd/system", unit)); err != nil {
			return fmt.Errorf("mask a unit of the base system: %w", err)
		}
	}
	return nil
}

// quietly runs a command and tells the end of what it said where it fails.
func quietly(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err == nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return fmt.Errorf("%s: %w\n%s", name, err, strings.Join(lines[max(0, len(lines)-20):], "\n"))
}
