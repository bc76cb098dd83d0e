package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Machine is what is looked at. All fields are required, but for Shows.
type Machine struct {
	// URL is the allocator's address, and HTTP reaches it as the agent does.
	URL  string
	HTTP *http.Client
	// Version is the agent's.
	Version string
	// Find finds a program by its name.
	Find func(name string) (path string, err error)
	NVML gpu.NVML
	Host agent.Host
	// Root is where the machine's files are: /.
	Root string
	// StateDir keeps who the agent is, and Identities reads it.
	StateDir   string
	Identities agent.IdentityStore
	Now        func() time.Time
	// Shows says what the machine lacks for its desktop. Nil: it has none.
	Shows func() error
	// Own is that the machine is one of one's own.
	Own bool
}

// needed are the programs that a machine needs, and what for.
var needed = []struct{ name, what, install string }{
	{"bash", "start-up scripts", "install the package bash"},
	{"git", "cloning a workshop's repository", "install the package git"},
}

func (m Machine) tools() Finding {
	var missing, install []string
	for _, n := range needed {
		if _, err := m.Find(n.name); err != nil {
			missing, install = append(missing, n.name+" (for "+n.what+")"), append(install, n.install)
		}
	}
	if len(missing) > 0 {
		return wrong("tools", strings.Join(install, "; "), "missing: %s", strings.Join(missing, ", "))
	}
	return ok("tools", "bash and git are there")
}

// answers is how long the driver may take to answer.
const answers = 10 * time.Second

// driver looks for GPUs. A driver that does not answer is not waited for.
func (m Machine) driver(ctx context.Context) Finding {
	found := make(chan Finding, 1)
	go func() { found <- m.gpus() }()
	ctx, cancel := context.WithTimeout(ctx, answers)
	defer cancel()
	select {
	case f := <-found:
		return f
	case <-ctx.Done():
		return wrong("driver", "boot again; a GPU that makes its driver hang again is broken", "NVIDIA's driver does not answer")
	}
}

// gpus looks for GPUs. A machine without one is well; one with a GPU that no driver
// knows is not.
func (m Machine) gpus() Finding {
	err := m.NVML.Init()
	switch {
	case errors.Is(err, gpu.ErrNoDriver) && m.hasGPU():
		return wrong("driver", "install NVIDIA's driver for this system, and boot again", "there is an NVIDIA GPU, and no driver for it (libnvidia-ml.so.1)")
	case errors.Is(err, gpu.ErrNoDriver):
		return ok("driver", "there is no NVIDIA GPU; the machine works without one")
	case err != nil:
		return wrong("driver", "boot again; if that does not help, install NVIDIA's driver anew", "NVIDIA's driver does not work: %s", err)
	}
	defer func() { _ = m.NVML.Shutdown() }()
	version, _ := m.NVML.DriverVersion() // one without a version is no fault
	devices, err := m.NVML.Devices()
	if err != nil {
		return wrong("driver", "boot again; if that does not help, install NVIDIA's driver anew", "NVIDIA's driver %s lists no GPUs: %s", version, err)
	}
	names := []string{}
	for _, d := range devices {
		name, err := d.Model()
		if err != nil {
			return wrong("driver", "boot again; a GPU that stays away is broken", "a GPU does not answer: %s", err)
		}
		names = append(names, name)
	}
	return ok("driver", "NVIDIA %s; GPUs: %d (%s)", version, len(devices), strings.Join(names, ", "))
}

// nvidia is what the vendor's devices begin with, in PCI's numbers.
const nvidia = "10de"

// hasGPU reports whether a device of NVIDIA's is built in, as PCI tells it.
func (m Machine) hasGPU() bool {
	raw, err := os.ReadFile(filepath.Join(m.Root, "proc/bus/pci/devices"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(raw)) {
		if fields := strings.Fields(line); len(fields) > 1 && strings.HasPrefix(fields[1], nvidia) {
			return true
		}
	}
	return false
}

// desktop looks whether the machine can show one, where it is to.
func (m Machine) desktop() Finding {
	if m.Shows == nil {
		return ok("desktop", "none: participants see this machine and no desktop of it; lablink-agent install, as root, gives them one")
	}
	if err := m.Shows(); err != nil {
		return wrong("desktop", "install that, or take an image that has it", "%s", err)
	}
	return ok("desktop", "what shows it is there")
}

// leastDisk is how much of the disk should be free, in bytes.
const leastDisk = 10 << 30

func (m Machine) disk() Finding {
	facts := m.Host.Facts()
	if facts.DiskFree == nil || facts.DiskTotal == nil {
		return wrong("disk", "look whether the file system is there: df -h", "how full the disk is cannot be told")
	}
	found := fmt.Sprintf("%.1f of %.1f GiB are free", float64(*facts.DiskFree)/(1<<30), float64(*facts.DiskTotal)/(1<<30))
	if *facts.DiskFree < leastDisk {
		return wrong("disk", "make room: a workshop's software needs some", "%s", found)
	}
	return ok("disk", "%s", found)
}

// state looks whether the agent can keep who it is, and who that is.
func (m Machine) state() Finding {
	if err := os.MkdirAll(m.StateDir, 0o700); err != nil {
		return wrong("state", "run the agent as root, or give --state-dir a folder of yours", "the agent cannot keep who it is: %s", err)
	}
	probe, err := os.CreateTemp(m.StateDir, "doctor.*")
	if err != nil {
		return wrong("state", "run the agent as who owns "+m.StateDir+", or give --state-dir a folder of yours", "the agent cannot keep who it is: %s", err)
	}
	_, err = probe.WriteString("probe")
	if err = errors.Join(err, probe.Close(), os.Remove(probe.Name())); err != nil {
		return wrong("state", "make room on the disk of "+m.StateDir, "the agent cannot keep who it is: %s", err)
	}
	id, err := m.Identities.Load()
	switch {
	case errors.Is(err, agent.ErrNoIdentity):
		return ok("state", "%s can be written; the agent has not registered yet", m.StateDir)
	case err != nil:
		return wrong("state", "run the agent, and this, as the same user", "who the agent is cannot be read: %s", err)
	case id.Released != "":
		return wrong("state", "ask for another join token, and run with that", "the allocator released this machine: %s", id.Released)
	case id.AgentID == "":
		return ok("state", "%s can be written; the answer to a registration is awaited", m.StateDir)
	}
	return ok("state", "the agent is %s", id.AgentID)
}

// understood reports whether an allocator's version can be spoken to at all; what it
// speaks is told to agents that register.
func understood(r api.Ready) string {
	if r.Ready {
		return "it is ready, version " + r.Version
	}
	return "it answers, version " + r.Version + ", and is not ready yet"
}
