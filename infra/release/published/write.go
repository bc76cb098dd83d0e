package published

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/release"
	"github.com/talmolab/lablink-infrastructure/infra/release/build"
)

// Platforms are what a release is published for.
var Platforms = []string{"linux/amd64", "linux/arm64"}

var tag = regexp.MustCompile(`^v(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$`)

// Write builds the working copy below root as a version and writes what is to
// be published into dir, which holds nothing else afterwards. It returns the
// SHA-256 of the list. The same source, Go and C compilers give the same files.
func Write(ctx context.Context, root, version, dir string, allocator, agent []string) (sum string, err error) {
	if !tag.MatchString(version) {
		return "", fmt.Errorf("a release is called vX.Y.Z, for example v1.2.0, not %q", version)
	}
	commit, err := build.FindCommit(ctx, root)
	if err != nil {
		return "", err
	}
	if commit.Dirty {
		return "", errors.New("the working copy has uncommitted changes, and a release is what others can build again: commit them first")
	}
	source, err := build.FindSource(ctx, root)
	if err != nil {
		return "", err
	}
	source.Version = version
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("empty %s: %w", dir, err)
	}
	parts := filepath.Join(dir, "parts")
	b, err := build.Build(ctx, source, parts, allocator, agent)
	if err != nil {
		return "", err
	}
	l := List{
		Version: version, Protocol: api.Protocol, CreatedAt: source.Changed, Toolchain: b.Toolchain,
		Allocator: map[string]Binary{}, Agent: map[string]Binary{},
	}
	for _, a := range append(b.Allocator, b.Agent...) {
		file := fileName(a.Binary, a.Platform)
		if err := os.Rename(a.Path, filepath.Join(dir, file)); err != nil {
			return "", fmt.Errorf("put %s beside the others: %w", file, err)
		}
		listed := l.Allocator
		if a.Binary == "lablink-agent" {
			listed = l.Agent
		}
		listed[a.Platform] = Binary{File: file, SHA256: a.SHA256, Bytes: a.Bytes}
	}
	if err := os.RemoveAll(parts); err != nil {
		return "", fmt.Errorf("clean up %s: %w", parts, err)
	}
	raw, err := l.encode()
	if err != nil {
		return "", fmt.Errorf("write the list: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, ListName), raw, 0o644); err != nil {
		return "", fmt.Errorf("write the list: %w", err)
	}
	return release.Sum(raw), nil
}
