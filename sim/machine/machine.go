package machine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/control"
)

// Machine is one instance as processes.
type Machine struct {
	host       *Host
	instance   cloud.Instance
	log        *slog.Logger
	ctx        context.Context
	cancel     context.CancelFunc
	supervisor *Supervisor
	server     *http.Server
	address    string // of metadata and the way out, on loopback
	tokens     tokens
	booting    sync.WaitGroup
	consoleMu  sync.Mutex
}

func newMachine(h *Host, i cloud.Instance) *Machine {
	m := &Machine{host: h, instance: i, log: h.opts.Log.With("instance", i.ID)}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.supervisor = newSupervisor(m.root(), func(port int) bool { return h.account.ForBalancers(i.ID, port) }, m.log)
	m.supervisor.reboot = func() { h.Restart(i) }
	m.booting.Add(1)
	return m
}

func (m *Machine) root() string { return filepath.Join(m.host.folder(m.instance.ID), "root") }

// boot makes the machine's folder, starts what serves it and runs the user
// data, or the units where the user data ran before.
func (m *Machine) boot() error {
	defer m.booting.Done()
	if err := os.MkdirAll(m.root(), 0o700); err != nil {
		return fmt.Errorf("make the machine's folder: %w", err)
	}
	if err := m.nameBoot(); err != nil {
		return err
	}
	kind, err := m.kind()
	if err != nil {
		return err
	}
	if err := m.serve(); err != nil {
		return err
	}
	for _, x := range m.host.account.AttachmentsOf(m.instance.ID) {
		if err := m.attach(x.VolumeID); err != nil {
			return err
		}
	}
	m.supervisor.env = m.environment(kind)
	if err := m.supervisor.serve(m.ctx); err != nil {
		return err
	}
	if err := m.installSystemctl(); err != nil {
		return err
	}
	done := filepath.Join(m.host.folder(m.instance.ID), "user-data-done")
	if _, err := os.Stat(done); err == nil {
		return m.supervisor.bootUnits()
	}
	if err := m.runUserData(); err != nil {
		return err
	}
	return os.WriteFile(done, nil, 0o600)
}

// nameBoot gives this boot its id, where the kernel has it.
func (m *Machine) nameBoot() error {
	file := filepath.Join(m.root(), "proc/sys/kernel/random/boot_id")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("name the boot: %w", err)
	}
	return os.WriteFile(file, []byte(uuid.NewString()+"\n"), 0o600)
}

// kind is what the machine is. It must be one that can run here.
func (m *Machine) kind() (cloud.InstanceType, error) {
	kind, err := m.host.account.InstanceType(m.instance.InstanceType)
	if err == nil && kind.Architecture != Native() {
		err = fmt.Errorf("exec format error: the machine is %s, this computer is %s", kind.Architecture, Native())
	}
	return kind, err
}

// runUserData runs the script that came with the instance, as cloud-init does
// at the first boot.
func (m *Machine) runUserData() error {
	if m.instance.Script == "" {
		return nil
	}
	folder := m.host.folder(m.instance.ID)
	script := filepath.Join(folder, "user-data")
	if err := os.WriteFile(script, []byte(m.instance.Script), 0o700); err != nil {
		return fmt.Errorf("write user data: %w", err)
	}
	console, err := os.OpenFile(m.consoleFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the console: %w", err)
	}
	defer console.Close()
	cmd := exec.CommandContext(m.ctx, script)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = m.root(), m.supervisor.env, console, console
	cmd.Cancel = func() error { return killGroup(cmd.Process.Pid) }
	cmd.WaitDelay = 5 * time.Second
	if err := runOwned(cmd); err != nil && m.ctx.Err() == nil {
		return fmt.Errorf("user data failed: %w (see %s)", err, console.Name())
	}
	return m.ctx.Err()
}

// environment is what every process on the machine sees.
func (m *Machine) environment(kind cloud.InstanceType) []string {
	out := "http://" + m.address
	env := []string{
		"PATH=" + filepath.Join(m.root(), "usr/sbin") + ":" + os.Getenv("PATH"),
		"HOME=" + m.root(), "LANG=C.UTF-8",
		rootVariable + "=" + m.root(), "LABLINK_SKIP=user,format,mount", control.Mark + "=" + m.host.opts.Mark,
		"AWS_EC2_METADATA_SERVICE_ENDPOINT=" + out, "AWS_ENDPOINT_URL=http://" + awsName,
		"http_proxy=" + out, "HTTP_PROXY=" + out, "https_proxy=" + out, "HTTPS_PROXY=" + out,
		"no_proxy=127.0.0.1", "NO_PROXY=127.0.0.1",
		"LABLINK_DATABASE_PROXY=" + m.address, "LABLINK_PEERS=" + m.supervisor.peers(),
	}
	env = append(env, "SSL_CERT_FILE="+m.host.opts.Roots)
	env = append(env, m.host.opts.Environment...)
	if kind.Profile != "" {
		env = append(env, "LABLINK_NVML=simulated:"+kind.Profile)
	}
	return env
}

// serve starts metadata and the way out, on one address of loopback.
func (m *Machine) serve() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("serve instance metadata: %w", err)
	}
	m.address = l.Addr().String()
	m.server = &http.Server{Handler: m, ReadHeaderTimeout: 30 * time.Second}
	go func() {
		if err := m.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			m.log.Error("serve instance metadata", "error", err)
		}
	}()
	return nil
}

// ServeHTTP answers instance metadata; what is addressed elsewhere goes out.
func (m *Machine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect || r.URL.IsAbs() {
		m.wayOut(w, r)
		return
	}
	m.metadata(w, r)
}

// stop ends everything that runs on the machine.
func (m *Machine) stop() {
	m.cancel()
	m.booting.Wait()
	m.supervisor.close()
	control.EndProcesses(rootVariable + "=" + m.root())
	if m.server != nil {
		_ = m.server.Close()
	}
}

// attach puts a volume where the kernel would: a device by the volume's id.
// The data folder is the volume's own folder, as if it were mounted.
func (m *Machine) attach(volume string) error {
	folder := m.host.volume(volume)
	data := filepath.Join(m.root(), "var/lib/lablink")
	devices := filepath.Join(m.root(), "dev/disk/by-id")
	for _, dir := range []string{folder, filepath.Dir(data), devices} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("attach %s: %w", volume, err)
		}
	}
	for _, link := range []string{data, filepath.Join(devices, deviceName(volume))} { // who sees the device takes it for mounted
		if err := os.Symlink(folder, link); err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("attach %s: %w", volume, err)
		}
	}
	return nil
}

func (m *Machine) detach(volume string) {
	_ = os.Remove(filepath.Join(m.root(), "dev/disk/by-id", deviceName(volume)))
	_ = os.Remove(filepath.Join(m.root(), "var/lib/lablink"))
}

// deviceName is the name that udev gives an EBS volume.
func deviceName(volume string) string {
	return "nvme-Amazon_Elastic_Block_Store_" + strings.ReplaceAll(volume, "-", "")
}

func (m *Machine) consoleFile() string {
	return filepath.Join(m.host.folder(m.instance.ID), "console.log")
}

// knock connects to what listens on a port of the machine.
func (m *Machine) knock(ctx context.Context, from string, port int) (net.Conn, error) {
	listener, ok := m.supervisor.Port(port)
	if !ok {
		return nil, fmt.Errorf("nothing on %s listens on port %d", m.instance.ID, port)
	}
	return dialAs(ctx, from, listener)
}

// say prints a line on the machine's console.
func (m *Machine) say(line string) {
	m.consoleMu.Lock()
	defer m.consoleMu.Unlock()
	f, err := os.OpenFile(m.consoleFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	fmt.Fprintln(f, line)
}
