package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	if err := Scripts(ctx, source.Root); err != nil {
		return b, err
	}
	compilers := map[string]string{} // by platform
	for _, platform := range agent {
		cc, err := compiler(ctx, platform)
		if err != nil {
			return b, err
		}
		compilers[platform] = cc
	}
	var err error
	if b.Toolchain, err = toolchain(ctx, slices.Collect(maps.Values(compilers))); err != nil {
		return b, err
	}
	for _, platform := range allocator {
		a, err := compile(ctx, source, dir, "lablink-allocator", allocatorMain, platform, nil, b.Toolchain)
		if err != nil {
			return b, err
		}
		b.Allocator = append(b.Allocator, a)
	}
	for _, platform := range agent {
		a, err := compile(ctx, source, dir, "lablink-agent", agentMain, platform, cgo(compilers[platform]), b.Toolchain)
		if err != nil {
			return b, err
		}
		if err := checkGLIBC(a.Path); err != nil {
			return b, err
		}
		b.Agent = append(b.Agent, a)
	}
	return b, nil
}

// flags make a build say nothing of where it ran. The same ones are used by
// make, so that a build shares its cache.
var flags = []string{"build", "-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false"}

func compile(ctx context.Context, source Source, dir, binary, main, platform string, cgo []string, tools release.Toolchain) (Artifact, error) {
	a := Artifact{Binary: binary, Platform: platform}
	system, arch, _ := strings.Cut(platform, "/")
	a.Path = filepath.Join(dir, strings.ReplaceAll(platform, "/", "-"), binary)
	args := append(append([]string{}, flags...),
		"-ldflags=-s -w -X main.version="+source.Version, "-o", a.Path, "./"+main)
	made := madeOf(source, append(args, cgo...), tools)
	if a.isMadeOf(made) {
		return a, nil
	}
	if err := os.Remove(a.Path); err != nil && !errors.Is(err, fs.ErrNotExist) { // Go does not replace what it did not make
		return a, fmt.Errorf("build %s for %s: %w", binary, platform, err)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = source.Root, append(environment(system, arch), cgo...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return a, fmt.Errorf("build %s for %s: %w\n%s", binary, platform, err, out)
	}
	if err := a.measure(); err != nil {
		return a, err
	}
	return a, a.remember(made)
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
