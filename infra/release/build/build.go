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
// the pools, into dir. An error says what the compiler said, or what to install.
func Build(ctx context.Context, source Source, dir string, allocator, agent []string) (Binaries, error) {
	b := Binaries{Source: source}
	for _, platform := range allocator {
		a, err := compile(ctx, source, dir, "lablink-allocator", allocatorMain, platform, nil)
		if err != nil {
			return b, err
		}
		b.Allocator = append(b.Allocator, a)
	}
	var compilers []string
	for _, platform := range agent {
		cc, err := compiler(ctx, platform)
		if err != nil {
			return b, err
		}
		compilers = append(compilers, cc)
		a, err := compile(ctx, source, dir, "lablink-agent", agentMain, platform, cgo(cc))
		if err != nil {
			return b, err
		}
		if err := checkGLIBC(a.Path); err != nil {
			return b, err
		}
		b.Agent = append(b.Agent, a)
	}
	var err error
	b.Toolchain, err = toolchain(ctx, compilers)
	return b, err
}

// flags make a build say nothing of where it ran. The same ones are used by
// make, so that a build shares its cache.
var flags = []string{"build", "-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false"}

func compile(ctx context.Context, source Source, dir, binary, main, platform string, cgo []string) (Artifact, error) {
	a := Artifact{Binary: binary, Platform: platform}
	system, arch, _ := strings.Cut(platform, "/")
	a.Path = filepath.Join(dir, strings.ReplaceAll(platform, "/", "-"), binary)
	args := append(append([]string{}, flags...),
		"-ldflags=-s -w -X main.version="+source.Version, "-o", a.Path, "./"+main)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = source.Root, append(environment(system, arch), cgo...)
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
