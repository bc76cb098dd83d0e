package machine_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/machine"
	"github.com/talmolab/lablink-infrastructure/sim/wire"
)

// TestMain lets the test's own program be a machine's service: one that serves
// its socket as LabLink's allocator does.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_SERVICE") != "" {
		if err := serveInherited(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	// The thread that starts children lives as long as the program.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/talmolab/lablink-infrastructure/sim/machine.startOwned.func1.1"))
}

// serveInherited answers on the listener that it was started with, once it has
// said that it is ready.
func serveInherited() error {
	if os.Getenv("LISTEN_FDS") != "1" || os.Getenv("LISTEN_PID") != fmt.Sprint(os.Getpid()) {
		return fmt.Errorf("no listener: LISTEN_FDS=%q LISTEN_PID=%q", os.Getenv("LISTEN_FDS"), os.Getenv("LISTEN_PID"))
	}
	l, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		return err
	}
	n, err := net.Dial("unixgram", os.Getenv("NOTIFY_SOCKET"))
	if err != nil {
		return err
	}
	if _, err := n.Write([]byte("STATUS=warm\nREADY=1")); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "%d %s", os.Getpid(), r.Host) })
	mux.HandleFunc("/seen", func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(seen{r.RemoteAddr, r.Host, r.Header})
	})
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if _, err := os.Stat(filepath.Join(os.Getenv("LABLINK_ROOT"), "sick")); err == nil {
			http.Error(w, "sick", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("/echo", echo)
	return http.Serve(l, mux)
}

// seen is what the service sees of a request.
type seen struct {
	Peer, Host string
	Header     http.Header
}

// echo is a service of another protocol than HTTP, which says everything again.
func echo(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "Upgrade")
	w.Header().Set("Upgrade", r.Header.Get("Upgrade"))
	w.WriteHeader(http.StatusSwitchingProtocols)
	conn, both, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = io.Copy(conn, both) // until the peer has enough
}

// world is an account whose instances boot, with one subnet on the internet.
type world struct {
	*testing.T
	*cloud.Account
	host    *machine.Host
	options machine.Options // what a test wants besides
	dir     string
	subnet  string
	group   string
	closed  bool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, dir: t.TempDir()}
	w.open()
	v := &cloud.VPC{CidrBlock: "10.0.0.0/16"}
	require.NoError(t, w.CreateVPC(v))
	g := &cloud.InternetGateway{VPCID: v.ID}
	require.NoError(t, w.CreateInternetGateway(g))
	table, err := w.VPC(v.ID)
	require.NoError(t, err)
	require.NoError(t, w.CreateRoute(&cloud.Route{RouteTableID: table.MainRouteTableID, DestinationCidrBlock: "0.0.0.0/0", GatewayID: g.ID}))
	s := &cloud.Subnet{VPCID: v.ID, CidrBlock: "10.0.0.0/24", AvailabilityZone: "us-west-2a"}
	require.NoError(t, w.CreateSubnet(s))
	group := &cloud.SecurityGroup{Name: "g", VPCID: v.ID}
	require.NoError(t, w.CreateSecurityGroup(group))
	require.NoError(t, w.CreateSecurityGroupRule(&cloud.SecurityGroupRule{SecurityGroupID: group.ID, IPProtocol: "-1", CidrIPv4: "0.0.0.0/0"}, true))
	w.subnet, w.group = s.ID, group.ID
	t.Cleanup(w.close)
	return w
}

// open starts the account and its machines, from what is in the folder.
func (w *world) open() {
	w.Helper()
	var api http.Handler
	w.host = machine.NewHost(machine.Options{
		Dir: w.dir, Log: slog.New(slog.DiscardHandler), Mark: w.dir,
		API:     http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { api.ServeHTTP(rw, r) }),
		Outside: w.options.Outside, Environment: w.options.Environment, Tick: w.options.Tick, Base: w.options.Base, Roots: filepath.Join(w.dir, "roots.pem"),
	})
	var err error
	w.Account, err = cloud.Open(cloud.Options{Dir: w.dir, Architecture: machine.Native(), Hypervisor: w.host, Zones: []string{"example.org"}})
	require.NoError(w, err)
	roots, err := w.AmazonRoot()
	require.NoError(w, err)
	require.NoError(w, os.WriteFile(filepath.Join(w.dir, "roots.pem"), roots, 0o644))
	api = wire.NewServer(w.Account, time.Now)
	require.NoError(w, w.host.Use(w.Account))
	w.closed = false
}

func (w *world) close() {
	if !w.closed {
		w.host.Close()
		w.closed = true
	}
}

// launch boots an instance with a script as its user data.
func (w *world) launch(script string, change ...func(*cloud.Instance)) *cloud.Instance {
	w.Helper()
	public := true
	i := &cloud.Instance{
		AMI: "ami-051700000000000a1", InstanceType: "sim.small", SubnetID: w.subnet, VPCSecurityGroupIDs: []string{w.group},
		AssociatePublicIPAddress: &public, UserData: "#!/bin/bash\nset -eu\n" + script,
	}
	for _, f := range change {
		f(i)
	}
	require.NoError(w, w.CreateInstance(i))
	got, err := w.Instance(i.ID)
	require.NoError(w, err)
	return got
}

// terminate ends an instance and waits until its machine is off.
func (w *world) terminate(id string) {
	w.Helper()
	require.NoError(w, w.Terminate([]string{id}, false))
	require.Eventually(w, func() bool {
		i, err := w.Instance(id)
		return err == nil && i.InstanceState == "terminated"
	}, timeout, tick)
}

// mailbox is a pipe by which a machine's processes speak to the test.
type mailbox struct {
	t     *testing.T
	path  string
	file  *os.File
	lines *bufio.Reader
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mailbox")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	f, err := os.OpenFile(path, os.O_RDWR, 0) // a writer of our own: the pipe never ends
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return &mailbox{t: t, path: path, file: f, lines: bufio.NewReader(f)}
}

// next waits for the next line.
func (b *mailbox) next() string {
	b.t.Helper()
	require.NoError(b.t, b.file.SetReadDeadline(time.Now().Add(timeout)))
	line, err := b.lines.ReadString('\n')
	require.NoError(b.t, err, "nothing came from the machine")
	return strings.TrimSuffix(line, "\n")
}

// unit is a shell command that writes a unit file.
func unit(name, text string) string {
	return fmt.Sprintf("mkdir -p $LABLINK_ROOT/etc/systemd/system $LABLINK_ROOT/opt\ncat > $LABLINK_ROOT/etc/systemd/system/%s <<'END'\n%s\nEND\n", name, text)
}

// program is a shell command that writes a program.
func program(name, text string) string {
	return fmt.Sprintf("mkdir -p $LABLINK_ROOT/opt\ncat > $LABLINK_ROOT/opt/%s <<'END'\n#!/bin/bash\n%s\nEND\nchmod +x $LABLINK_ROOT/opt/%s\n", name, text, name)
}

// alive reports whether a process runs; one that has ended and that nobody has
// asked about yet does not.
func alive(t *testing.T, pid string) bool {
	t.Helper()
	raw, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return false
	}
	_, rest, ok := strings.Cut(string(raw), ") ")
	return ok && !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}
