package podman

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// environment is what podman runs with: a service's has no home.
func environment() []string { return []string{"HOME=/root", "PATH=" + os.Getenv("PATH")} }

// Possible says what a machine lacks to run containers, if it does.
func Possible() error {
	if _, err := exec.LookPath("podman"); err != nil {
		return fmt.Errorf("podman is not on this machine: install podman, netavark and iptables, or take an image that has them: %w", err)
	}
	return gpusPossible()
}

// The first podman that gives GPUs to containers as they are described (its release notes, 4.1).
const gpuMajor, gpuMinor = 4, 1

// gpusPossible says why containers would not see the machine's GPUs, if it has any.
func gpusPossible() error {
	_, err := os.Stat(host.Path("/dev/nvidia0"))
	switch {
	case !gpus() && err != nil:
		return nil
	case !gpus():
		return errors.New("the machine has GPUs of NVIDIA, and does not describe them for containers: run nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml, which NVIDIA's container toolkit has")
	}
	// Not by ask: this is for the agent's user, too, who has no storage of podman's.
	ctx, cancel := context.WithTimeout(context.Background(), serving)
	defer cancel()
	out, err := exec.CommandContext(ctx, "podman", "--version").Output()
	if err != nil {
		return fmt.Errorf("podman does not say which version it is: %w", err)
	}
	var major, minor int
	if _, err := fmt.Sscanf(string(out), "podman version %d.%d", &major, &minor); err != nil {
		return fmt.Errorf("podman does not say which version it is, but %q: %w", gpu.Clip(string(out)), err)
	}
	if major < gpuMajor || major == gpuMajor && minor < gpuMinor {
		return fmt.Errorf("podman %d.%d gives no GPUs to containers: take an image with podman %d.%d or newer", major, minor, gpuMajor, gpuMinor)
	}
	return nil
}

// storage is how podman lays the files of images over each other: what is a device in an
// image is none in a container. Only its overlays can be laid so; it refuses any other way.
const storage = "overlay.mountopt=nodev"

// command is a call of podman that ends with this program.
func command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "podman", append([]string{"--storage-opt", storage}, args...)...)
	cmd.Env = environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// ask calls podman and returns what it answers.
func ask(ctx context.Context, args ...string) ([]byte, error) {
	cmd := command(ctx, args...)
	var out, wrong bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &wrong
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("podman %s: %w: %s", strings.Join(args[:min(2, len(args))], " "), err, gpu.Clip(strings.TrimSpace(wrong.String())))
	}
	return out.Bytes(), nil
}

// there asks whether podman has something: it answers by its exit status.
func there(ctx context.Context, args ...string) bool {
	return command(ctx, args...).Run() == nil
}

// remove ends a container, if it is there, and removes what it wrote, also to volumes that
// nobody named.
func remove(ctx context.Context, name string) error {
	_, err := ask(ctx, "rm", "--force", "--ignore", "--volumes", name)
	return err
}
