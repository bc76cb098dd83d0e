package podman

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

const (
	// name is what the session's container is called, and network its network.
	name    = "lablink-session"
	network = "lablink"
	// Range is the network's, one for benchmarks (RFC 2544), which nobody's network has.
	Range = "198.19.77.0/24"
	// Address is where the container answers.
	Address = "198.19.77.2"
	// Port is where its desktop does.
	Port = "6080"
	// told is where the container finds its password, as its environment says.
	told         = "/run/lablink/password"
	toldVariable = "LABLINK_PASSWORD_FILE"
)

// The users of a container are none of the machine's: they have the numbers that systemd
// leaves free for all time (systemd.io, "Users, Groups, UIDs and GIDs").
const (
	firstID = 0x70000000
	ids     = 1 << 16
)

// UID is the number that a user of a container has on the machine.
func UID(user int) int { return firstID + user }

func mapping() []string {
	all := fmt.Sprintf("0:%d:%d", firstID, ids)
	return []string{"--uidmap", all, "--gidmap", all}
}

// Session is a container that shows a desktop.
type Session struct {
	Image Image
	// Home is the folder of who works there, and Password the file of its password.
	Home, Password string
	// Out takes what the container says.
	Out io.Writer
	// Ready is called when the desktop answers.
	Ready func()
}

// Run shows a desktop until ctx ends, or until the container does. What is left of the
// container when this program is killed before, Remove removes.
func (s *Session) Run(ctx context.Context) error {
	if err := remove(ctx, name); err != nil { // whoever ran it before was killed
		return err
	}
	if !there(ctx, "network", "exists", network) {
		if _, err := ask(ctx, "network", "create", "--driver=bridge", "--subnet="+Range, "--disable-dns", network); err != nil {
			return err
		}
	}
	cmd := command(context.WithoutCancel(ctx), s.args()...)
	cmd.Stdout, cmd.Stderr = s.Out, s.Out
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the container: %w", err)
	}
	var waiting sync.WaitGroup
	answering, over := context.WithCancel(ctx)
	waiting.Go(func() {
		if answers(answering) {
			s.Ready()
		}
	})
	running, ended := context.WithCancel(context.WithoutCancel(ctx))
	waiting.Go(func() { end(ctx, running) })
	err := cmd.Wait()
	over()
	ended()
	waiting.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("the container ended: %w", err)
}

// removal is how long it may take to remove all that a container wrote.
const removal = 10 * time.Minute

// Remove removes the session's container and what it wrote, if any of it is left. It is for
// who is outside of the unit that runs the container, which has a bounded time to end, and
// bounds that who works in the container may have used up. Who asks may stop waiting, and ask
// again.
func Remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removal)
	defer cancel()
	if err := remove(ctx, name); err != nil {
		return fmt.Errorf("the session's container is not gone: %w", err)
	}
	return nil
}

// end ends the container once ctx has ended, as long as it runs: it may be about to begin.
func end(ctx, running context.Context) {
	select {
	case <-ctx.Done():
	case <-running.Done():
		return
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		_ = remove(context.WithoutCancel(ctx), name)
		select {
		case <-running.Done():
			return
		case <-tick.C:
		}
	}
}

// args are those of podman: nothing of them is the participant's, and none is a secret.
func (s *Session) args() []string {
	args := []string{
		"run", "--rm", "--name", name, "--pull=never", "--hostname=desktop",
		"--network", network, "--ip", Address,
		"--security-opt", "no-new-privileges", "--cap-drop", "all", "--systemd=false",
		"--cgroups=disabled", "--log-driver=none", "--shm-size=4g", "--umask", "0027", "--stop-timeout=2",
		"--image-volume=ignore", "--volume", s.Home + ":" + s.Image.Home + ":nodev", "--volume", s.Password + ":" + told + ":ro",
		"--env", toldVariable + "=" + told,
	}
	if own := host.Path("/var/lib/lablink-home"); own != s.Image.Home { // what was set up there may know that path
		args = append(args, "--volume", s.Home+":"+own+":nodev")
	}
	args = append(append(args, mapping()...), limits()...)
	if gpus() {
		args = append(args, "--device", "nvidia.com/gpu=all")
	}
	return append(args, s.Image.ID)
}

// limits are those of this program. Podman's own may be higher than it may set.
func limits() (args []string) {
	for what, number := range map[string]int{"nofile": unix.RLIMIT_NOFILE, "nproc": unix.RLIMIT_NPROC} {
		var l unix.Rlimit
		if unix.Getrlimit(number, &l) != nil || l.Max > 1<<40 {
			continue // without one, podman's holds
		}
		most := strconv.FormatUint(l.Max, 10)
		args = append(args, "--ulimit", what+"="+most+":"+most)
	}
	return args
}

// gpus reports whether the machine describes NVIDIA's GPUs for containers (Container Device
// Interface), as nvidia-ctk cdi generate does.
func gpus() bool {
	for _, pattern := range []string{"/etc/cdi/*nvidia*", "/var/run/cdi/*nvidia*"} {
		if found, _ := filepath.Glob(host.Path(pattern)); len(found) > 0 {
			return true
		}
	}
	return false
}

// answers waits until the desktop answers, or ctx ends.
func answers(ctx context.Context) bool {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", net.JoinHostPort(Address, Port))
		if err == nil {
			_ = conn.Close()
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}
