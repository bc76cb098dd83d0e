package launcher

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// oldestEngine is the first engine whose protocol LabLink is known to work with.
const oldestEngine = "v3.200.0"

// part is a program of the engine, and where it is built from.
type part struct{ program, module, pkg, within string }

var engineParts = []part{
	{"pulumi", "tools/pulumi", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", "github.com/pulumi/pulumi/pkg/v3"},
	{"pulumi-language-go", "tools/pulumi-language-go", "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go", "github.com/pulumi/pulumi/sdk/v3"},
}

// Engine finds the Pulumi engine: the one on the PATH, when it is new enough
// and has its language host for Go, else one that is built here once. It returns
// the folder to put before the PATH, or "".
func (w *Workspace) Engine(ctx context.Context) (string, error) {
	if engineOnPath(ctx) {
		return "", nil
	}
	dir := w.path("engine")
	missing := w.missingParts(dir)
	if len(missing) == 0 {
		return dir, nil
	}
	err := w.step("Building the Pulumi engine from its Go modules, once: about five minutes on two cores", func() error {
		for _, p := range missing {
			if err := w.buildPart(ctx, dir, p); err != nil {
				return err
			}
		}
		return nil
	})
	return dir, err
}

// engineOnPath reports whether there is a usable engine on the PATH.
func engineOnPath(ctx context.Context) bool {
	if _, err := exec.LookPath("pulumi-language-go"); err != nil {
		return false
	}
	out, err := exec.CommandContext(ctx, "pulumi", "version").Output()
	version := strings.TrimSpace(string(out))
	return err == nil && semver.IsValid(version) && semver.Compare(version, oldestEngine) >= 0
}

// missingParts are those that are not there, or were built from another version.
func (w *Workspace) missingParts(dir string) []part {
	var out []part
	for _, p := range engineParts {
		built, err := os.ReadFile(filepath.Join(dir, p.program+".version"))
		version, versionErr := w.pinned(p)
		if _, statErr := os.Stat(filepath.Join(dir, p.program)); err != nil || versionErr != nil || statErr != nil || string(built) != version {
			out = append(out, p)
		}
	}
	return out
}

// pinned is the version of a part, from its module's go.mod.
func (w *Workspace) pinned(p part) (string, error) {
	name := filepath.Join(w.Root, p.module, "go.mod")
	raw, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("read the pinned version of %s: %w", p.program, err)
	}
	file, err := modfile.Parse(name, raw, nil)
	if err != nil {
		return "", fmt.Errorf("read the pinned version of %s: %w", p.program, err)
	}
	for _, r := range file.Require {
		if r.Mod.Path == p.within {
			return r.Mod.Version, nil
		}
	}
	return "", fmt.Errorf("%s does not pin %s", name, p.within)
}

// buildPart builds one program beside its place, so that an interrupted build
// leaves nothing that looks whole.
func (w *Workspace) buildPart(ctx context.Context, dir string, p part) error {
	version, err := w.pinned(p)
	if err != nil {
		return err
	}
	tmp := filepath.Join(dir, p.program+".new")
	cmd := exec.Command("go", "build", "-ldflags=-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version="+version, "-o", tmp, p.pkg)
	cmd.Dir, cmd.Env = filepath.Join(w.Root, p.module), goEnv()
	if err := w.quietly(ctx, cmd); err != nil {
		return fmt.Errorf("build %s: %w", p.program, err)
	}
	if err := os.Rename(tmp, filepath.Join(dir, p.program)); err != nil {
		return fmt.Errorf("keep %s: %w", p.program, err)
	}
	return os.WriteFile(filepath.Join(dir, p.program+".version"), []byte(version), 0o644)
}

// goFlags make every build say nothing of where and from which commit it ran, and share one cache: the
// engine, the program and the binaries are made of the same packages.
const goFlags = "-trimpath -buildvcs=false -gcflags=all=-dwarf=false"

// goEnv is the environment of builds.
func goEnv() []string {
	return append(os.Environ(), "GOFLAGS="+goFlags, "CGO_ENABLED=0")
}
