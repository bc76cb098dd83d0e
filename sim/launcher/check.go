package launcher

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/mod/semver"

	"github.com/talmolab/lablink-infrastructure/infra/release/build"
	"github.com/talmolab/lablink-infrastructure/sim/nspawn"
)

// need is a program that nothing can stand in for, with the Debian packages that
// hold it and what it is for. One of several names will do, or a file that a pattern
// matches: what Debian puts beside the PATH.
type need struct {
	programs []string
	packages string
	why      string
}

var needs = []need{
	{[]string{"cc"}, "gcc libc6-dev", "compiles NVML's binding for the agent"},
	{[]string{"git"}, "git", "tells which source is deployed"},
	{[]string{"curl"}, "curl", "fetches releases on simulated machines"},
	{[]string{"bash"}, "bash", "runs the user data of simulated machines"},
}

// testNeeds are what tests need beside.
var testNeeds = []need{
	{[]string{"chromium", "chromium-browser", "google-chrome"}, "chromium fonts-dejavu-core", "opens the pages"},
	{[]string{"initdb", "/usr/lib/postgresql/*/bin/initdb"}, "postgresql", "keeps the data of several allocators"},
	shellcheck,
	{[]string{"jq"}, "jq", "runs the examples for the shell"},
	{[]string{"Xvnc"}, "tigervnc-standalone-server openbox xterm", "shows desktops"},
	{[]string{"npm"}, "npm", "fetches what looks at pages"},
	{[]string{"xdotool"}, "xdotool x11-utils x11-xserver-utils xclip", "looks at desktops from inside"},
}

// bootNeeds are what tests need that boot machines as containers.
var bootNeeds = []need{
	shellcheck,
	{[]string{"debootstrap"}, "debootstrap debian-archive-keyring", "makes the base system of machines"},
	{[]string{"systemd-nspawn"}, "systemd-container", "boots machines"},
	{[]string{"ip"}, "iproute2", "makes the network of machines"},
	{[]string{"losetup"}, "util-linux mount", "makes the volumes of machines"},
}

// shellcheck is the one that linters need, too.
var shellcheck = need{[]string{"shellcheck"}, "shellcheck", "reads the user data of machines, scripts and workflows"}

// Check looks whether this computer has what is needed, and installs what is
// missing where it may: on Debian, as root.
func (w *Workspace) Check(ctx context.Context) error { return w.check(ctx, needs) }

// Prepare makes everything ready that tests take as given, the engine included.
func (w *Workspace) Prepare(ctx context.Context) error {
	if err := w.check(ctx, append(needs, testNeeds...)); err != nil {
		return err
	}
	if err := w.scripts(ctx); err != nil {
		return err
	}
	if err := w.axe(ctx); err != nil {
		return err
	}
	_, err := w.Engine(ctx)
	return err
}

// PrepareBoot makes everything ready that tests take as given which boot machines as
// containers. That is for root.
func (w *Workspace) PrepareBoot(ctx context.Context) error {
	if os.Geteuid() != 0 {
		return errors.New("machines that boot as containers need root, for their namespaces, mounts and devices: try again with sudo")
	}
	if err := w.check(ctx, append(needs, bootNeeds...)); err != nil {
		return err
	}
	if err := w.base(ctx); err != nil {
		return err
	}
	_, err := w.Engine(ctx)
	return err
}

func (w *Workspace) base(ctx context.Context) error {
	dir := w.path("base")
	if nspawn.Built(dir) {
		return nil
	}
	return w.step("Making the base system of machines from Debian's packages, once: some minutes", func() error {
		_, err := nspawn.Build(ctx, dir)
		return err
	})
}

// PrepareLint makes everything ready that linters take as given.
func (w *Workspace) PrepareLint(ctx context.Context) error {
	return w.check(ctx, append(needs, shellcheck))
}

// scripts builds what browsers run.
func (w *Workspace) scripts(ctx context.Context) error {
	return w.step("Building what browsers run from npm packages, where it is not there yet", func() error { return build.Scripts(ctx, w.Root) })
}

// axe fetches what looks at pages for those who do not see or point, where it is not there
// yet in the version that is pinned.
func (w *Workspace) axe(ctx context.Context) error {
	source, dir := filepath.Join(w.Root, "tools", "axe"), w.path("axe")
	wanted, err := os.ReadFile(filepath.Join(source, "package-lock.json"))
	if err != nil {
		return fmt.Errorf("read what looks at pages: %w", err)
	}
	has, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if _, gone := os.Stat(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js")); err == nil && gone == nil && bytes.Equal(has, wanted) {
		return nil
	}
	return w.step("Fetching what looks at pages for those who do not see or point, an npm package", func() error {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		return build.Packages(ctx, source, dir)
	})
}

func (w *Workspace) check(ctx context.Context, needs []need) error {
	// What fetches the scripts of pages is needed until they are built.
	if slices.ContainsFunc(build.ScriptsBuilt(), func(name string) bool { _, err := os.Stat(filepath.Join(w.Root, name)); return err != nil }) {
		needs = append(slices.Clip(needs), need{[]string{"npm"}, "npm", "fetches what the pages are made of"})
	}
	return w.step("Looking at what this computer has", func() error {
		var packages, missing []string
		for _, n := range needs {
			if !slices.ContainsFunc(n.programs, installed) {
				packages = append(packages, strings.Fields(n.packages)...)
				missing = append(missing, fmt.Sprintf("%s, which %s", n.programs[0], n.why))
			}
		}
		if len(missing) > 0 {
			if err := w.install(ctx, packages, missing); err != nil {
				return err
			}
		}
		if err := checkCurl(ctx); err != nil {
			return err
		}
		return w.checkRoom(ctx)
	})
}

// oldestCurl is the first that signs session tokens, as machines do at their first
// boot.
const oldestCurl = "v7.87.0"

func checkCurl(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "curl", "--version").Output()
	if err != nil {
		return fmt.Errorf("ask curl for its version: %w", err)
	}
	fields := strings.Fields(string(out))
	if len(fields) < 2 || semver.Compare("v"+fields[1], oldestCurl) < 0 {
		return fmt.Errorf("simulated machines boot with curl %s or newer, as Debian 12 and Ubuntu 24.04 have it; this is %.40q", oldestCurl[1:], out)
	}
	return nil
}

func installed(program string) bool {
	if strings.HasPrefix(program, "/") {
		found, err := filepath.Glob(program)
		return err == nil && len(found) > 0
	}
	_, err := exec.LookPath(program)
	return err == nil
}

func (w *Workspace) install(ctx context.Context, packages, missing []string) error {
	command := "apt-get install -y --no-install-recommends " + strings.Join(packages, " ")
	before := ""
	if slices.Contains(packages, "postgresql") {
		before = noCluster
	}
	if !installed("apt-get") || os.Geteuid() != 0 {
		return fmt.Errorf("missing: %s; install it first, on Debian with: %s", strings.Join(missing, "; "), command)
	}
	w.say("  missing: %s", strings.Join(missing, "; "))
	w.say("  installing from Debian: %s", strings.Join(packages, " "))
	return w.quietly(ctx, exec.Command("sh", "-c", "apt-get update -q && "+before+"DEBIAN_FRONTEND=noninteractive "+command))
}

// noCluster keeps Debian's package from making a database and running it: tests
// make their own. What somebody has set is left as it is.
const noCluster = "mkdir -p /etc/postgresql-common && { test -e /etc/postgresql-common/createcluster.conf || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf; } && "

// rooms are how many GiB a first build needs, by Go's name of the place; "" is the
// working copy.
var rooms = []struct {
	place string
	gib   uint64
	what  string
}{
	{"", 1, "the working copy"},
	{"GOCACHE", 4, "what Go builds"},
	{"GOMODCACHE", 3, "the modules that Go downloads"},
}

// checkRoom asks for free space only where nothing was built yet.
func (w *Workspace) checkRoom(ctx context.Context) error {
	if _, err := os.Stat(w.path("bin", "stacks")); err == nil {
		return nil
	}
	for _, r := range rooms {
		dir := w.Root
		if r.place != "" {
			out, err := exec.CommandContext(ctx, "go", "env", r.place).Output()
			if err != nil {
				return fmt.Errorf("ask Go for its %s: %w", r.place, err)
			}
			dir = strings.TrimSpace(string(out))
		}
		free, err := freeGiB(dir)
		if err != nil {
			return err
		}
		if free < r.gib {
			return fmt.Errorf("the disk of %s has %d GiB free; a first build needs %d GiB there for %s: make room, or point %s elsewhere", dir, free, r.gib, r.what, cmp.Or(r.place, "the clone"))
		}
	}
	return nil
}

// freeGiB is how much room there is on the disk that a folder is on, or will be.
func freeGiB(dir string) (uint64, error) {
	for {
		var fs syscall.Statfs_t
		err := syscall.Statfs(dir, &fs)
		if err == nil {
			return fs.Bavail * uint64(fs.Bsize) >> 30, nil //nolint:gosec // not negative
		}
		if !errors.Is(err, syscall.ENOENT) || dir == filepath.Dir(dir) {
			return 0, fmt.Errorf("look for free space at %s: %w", dir, err)
		}
		dir = filepath.Dir(dir)
	}
}

// quietly runs a command and shows what it said only when it fails.
func (w *Workspace) quietly(ctx context.Context, cmd *exec.Cmd) error {
	out, err := combined(ctx, cmd)
	if err == nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) > 30 {
		lines = lines[len(lines)-30:]
	}
	return fmt.Errorf("%w\n%s", err, strings.Join(lines, "\n"))
}

// combined runs a command that ends when ctx does.
func combined(ctx context.Context, cmd *exec.Cmd) (string, error) {
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return "", err
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	err := cmd.Wait()
	return out.String(), err
}
