package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/release"
)

const (
	allocatorMain = "allocator/cmd/lablink-allocator"
	agentMain     = "agent/cmd/lablink-agent"
)

// Artifact is a binary that was built.
type Artifact struct {
	Binary   string // lablink-allocator or lablink-agent
	Platform string // linux/arm64
	Path     string
	SHA256   string
	Bytes    int64
}

// File is how a manifest names the artifact.
func (a Artifact) File() release.File {
	return release.File{Key: release.ArtifactKey(a.Binary, a.Platform, a.SHA256), SHA256: a.SHA256, Bytes: a.Bytes}
}

// Binaries are all that a release deploys.
type Binaries struct {
	Source    Source
	Allocator []Artifact
	Agent     []Artifact
	Toolchain release.Toolchain
}

// Build compiles the allocator for its platforms and the agent for those of
// the pools, into dir.
func Build(ctx context.Context, source Source, dir string, allocator, agent []string) (Binaries, error) {
	b := Binaries{Source: source}
	var err error
	for _, platform := range allocator {
		a, err := compile(ctx, source, dir, "lablink-allocator", allocatorMain, platform, nil)
		if err != nil {
			return b, err
		}
		b.Allocator = append(b.Allocator, a)
	}
	for _, platform := range agent {
		cc, err := crossCompiler(platform)
		if err != nil {
			return b, err
		}
		a, err := compile(ctx, source, dir, "lablink-agent", agentMain, platform, cc)
		if err != nil {
			return b, err
		}
		if err := checkGLIBC(a.Path); err != nil {
			return b, err
		}
		b.Agent = append(b.Agent, a)
	}
	b.Toolchain, err = toolchain(ctx)
	return b, err
}

// flags make a build say nothing of where it ran. The same ones are used by
// make, so that a build shares its cache.
var flags = []string{"build", "-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false"}

func compile(ctx context.Context, source Source, dir, binary, main, platform string, cgo []string) (Artifact, error) {
	a := Artifact{Binary: binary, Platform: platform}
	system, arch, _ := strings.Cut(platform, "/")
	a.Path = filepath.Join(dir, strings.ReplaceAll(platform, "/", "-"), binary)
	env := []string{"GOOS=" + system, "GOARCH=" + arch, "GOFLAGS=", "CGO_ENABLED=0"}
	if cgo != nil {
		env = append(env, cgo...)
	}
	args := append(append([]string{}, flags...),
		"-ldflags=-s -w -X main.version="+source.Version, "-o", a.Path, "./"+main)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = source.Root, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return a, fmt.Errorf("build %s for %s: %w\n%s", binary, platform, err, out)
	}
	return a, a.measure()
}

func (a *Artifact) measure() error {
	f, err := os.Open(a.Path)
	if err != nil {
		return fmt.Errorf("read what was built: %w", err)
	}
	defer f.Close()
	digest := sha256.New()
	if a.Bytes, err = io.Copy(digest, f); err != nil {
		return fmt.Errorf("read what was built: %w", err)
	}
	a.SHA256 = hex.EncodeToString(digest.Sum(nil))
	return nil
}

// crossCompilers are the C compilers for NVML's binding, by architecture.
var crossCompilers = map[string]string{"amd64": "x86_64-linux-gnu-gcc", "arm64": "aarch64-linux-gnu-gcc"}

// crossCompiler is the environment that builds C for a platform.
func crossCompiler(platform string) ([]string, error) {
	env := []string{"CGO_ENABLED=1", "CGO_CFLAGS=-O2 -g0 -Wno-deprecated-declarations", "CGO_LDFLAGS=-Wl,--build-id=none"}
	_, arch, _ := strings.Cut(platform, "/")
	if arch == runtime.GOARCH {
		return env, nil
	}
	cc := crossCompilers[arch]
	if _, err := exec.LookPath(cc); cc == "" || err != nil {
		return nil, fmt.Errorf("the agent for %s needs the C compiler %s: on Debian, apt-get install gcc-%s", platform, cc, strings.TrimSuffix(strings.ReplaceAll(cc, "_", "-"), "-gcc"))
	}
	return append(env, "CC="+cc), nil
}

func toolchain(ctx context.Context) (release.Toolchain, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOVERSION", "CC").Output()
	if err != nil {
		return release.Toolchain{}, fmt.Errorf("ask for Go's version: %w", err)
	}
	goVersion, cc, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	version, err := exec.CommandContext(ctx, cc, "--version").Output()
	if err != nil {
		return release.Toolchain{}, fmt.Errorf("ask for the C compiler's version: %w", err)
	}
	first, _, _ := strings.Cut(string(version), "\n")
	return release.Toolchain{Go: goVersion, CC: strings.TrimSpace(first)}, nil
}
