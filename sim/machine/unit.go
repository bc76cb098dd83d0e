package machine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/unit"
)

// unitFile is a unit as its file says.
type unitFile struct {
	name     string // with its suffix
	values   map[string][]string
	ignored  []string // directives that need systemd itself, and are listed
	wantedBy []string
}

// understood are the directives that the supervisor acts on, and those that
// change nothing about what it does.
var understood = []string{
	"Unit.Description", "Unit.Documentation", "Unit.After", "Unit.Requires", "Unit.RequiresMountsFor", "Unit.PartOf",
	"Unit.StartLimitIntervalSec", "Unit.StartLimitBurst",
	"Service.Type", "Service.ExecStart", "Service.Restart", "Service.RestartSec", "Service.RestartPreventExitStatus", "Service.TimeoutStartSec",
	"Service.TimeoutStopSec", "Service.Environment", "Service.NotifyAccess",
	"Socket.ListenStream",
	"Socket.TriggerLimitIntervalSec", // of starts by a connection: here a socket starts nothing by itself
	"Timer.OnBootSec", "Timer.OnUnitInactiveSec", "Timer.AccuracySec",
	"Install.WantedBy",
}

// hardening are directives that take rights away, which a process without
// root does not have in the first place. They are listed on the machine's
// console, so that nobody takes them for tested.
var hardening = []string{
	"Service.User", "Service.Group", "Service.StateDirectory", "Service.UMask", "Service.NoNewPrivileges", "Service.ProtectSystem",
	"Service.ProtectHome", "Service.ProtectClock", "Service.ProtectHostname", "Service.ProtectControlGroups",
	"Service.ProtectKernelModules", "Service.ProtectKernelTunables", "Service.ProtectKernelLogs", "Service.ProtectProc",
	"Service.PrivateTmp", "Service.PrivateDevices", "Service.RestrictAddressFamilies", "Service.RestrictNamespaces",
	"Service.RestrictRealtime", "Service.RestrictSUIDSGID", "Service.LockPersonality", "Service.MemoryDenyWriteExecute",
	"Service.SystemCallArchitectures", "Service.SystemCallFilter", "Service.CapabilityBoundingSet",
	"Service.AmbientCapabilities", "Service.ReadWritePaths", "Service.LimitNOFILE", "Service.WatchdogSec", "Service.RemoveIPC",
	"Service.IPAddressDeny", "Service.KillMode", "Service.InaccessiblePaths", "Service.OOMPolicy", "Service.TasksMax",
}

// loadUnit reads a unit file and refuses a directive that is not known.
func loadUnit(root, name string) (*unitFile, error) {
	f, err := os.Open(filepath.Join(root, "etc/systemd/system", name))
	if err != nil {
		return nil, fmt.Errorf("unit %s: %w", name, err)
	}
	defer f.Close()
	options, err := unit.DeserializeOptions(f)
	if err != nil {
		return nil, fmt.Errorf("unit %s: %w", name, err)
	}
	u := &unitFile{name: name, values: map[string][]string{}}
	for _, o := range options {
		key := o.Section + "." + o.Name
		switch {
		case slices.Contains(hardening, key):
			u.ignored = append(u.ignored, o.Name)
		case slices.Contains(understood, key):
			u.values[key] = append(u.values[key], o.Value)
		default:
			return nil, fmt.Errorf("unit %s: the simulator does not know %s= in [%s]", name, o.Name, o.Section)
		}
	}
	u.wantedBy = u.list("Install.WantedBy")
	return u, u.check(root)
}

func (u *unitFile) check(root string) error {
	if kind := u.one("Service.Type", "simple"); !slices.Contains([]string{"simple", "exec", "notify", "oneshot"}, kind) {
		return fmt.Errorf("unit %s: the simulator does not know Type=%s", u.name, kind)
	}
	if restart := u.one("Service.Restart", "no"); !slices.Contains([]string{"no", "always", "on-failure"}, restart) {
		return fmt.Errorf("unit %s: the simulator does not know Restart=%s", u.name, restart)
	}
	if strings.HasSuffix(u.name, ".service") {
		if _, err := u.command(root); err != nil {
			return err
		}
	}
	for _, key := range []string{"Service.RestartSec", "Service.TimeoutStartSec", "Service.TimeoutStopSec", "Timer.OnBootSec", "Timer.OnUnitInactiveSec", "Unit.StartLimitIntervalSec"} {
		if _, err := u.duration(key, 0); err != nil {
			return err
		}
	}
	return nil
}

// command is the program to run, with its path below the root directory.
func (u *unitFile) command(root string) ([]string, error) {
	lines := u.values["Service.ExecStart"]
	if len(lines) != 1 || strings.ContainsAny(lines[0], "\"'%$\\;") || !strings.HasPrefix(lines[0], "/") {
		return nil, fmt.Errorf("unit %s: the simulator wants one ExecStart= with a plain command, not %q", u.name, lines)
	}
	argv := strings.Fields(lines[0])
	argv[0] = filepath.Join(root, argv[0])
	return argv, nil
}

func (u *unitFile) one(key, otherwise string) string {
	if v := u.values[key]; len(v) > 0 {
		return v[len(v)-1]
	}
	return otherwise
}

func (u *unitFile) list(key string) []string {
	return strings.Fields(strings.Join(u.values[key], " "))
}

// duration reads seconds, or a number with one of systemd's common units.
func (u *unitFile) duration(key string, otherwise time.Duration) (time.Duration, error) {
	raw := u.one(key, "")
	if raw == "" {
		return otherwise, nil
	}
	if raw == "infinity" {
		return time.Duration(1<<63 - 1), nil
	}
	if n, err := strconv.ParseFloat(raw, 64); err == nil {
		return time.Duration(n * float64(time.Second)), nil
	}
	d, err := time.ParseDuration(strings.TrimSuffix(strings.ReplaceAll(raw, "min", "m"), "ec"))
	if err != nil {
		return 0, fmt.Errorf("unit %s: %s=%s is not a time", u.name, key, raw)
	}
	return d, nil
}

// limit is how often a service may start within which time.
func (u *unitFile) limit() (burst int, interval time.Duration) {
	interval, _ = u.duration("Unit.StartLimitIntervalSec", 10*time.Second) // checked when the file was read
	burst, err := strconv.Atoi(u.one("Unit.StartLimitBurst", "5"))
	if err != nil {
		burst = 5
	}
	return burst, interval
}

// staysEnded reports whether a service that ended so is not started again.
func (u *unitFile) staysEnded(err error) bool {
	var ended *exec.ExitError
	return errors.As(err, &ended) && slices.Contains(u.list("Service.RestartPreventExitStatus"), strconv.Itoa(ended.ExitCode()))
}
