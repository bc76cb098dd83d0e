package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Where the viewer of desktops is, and what it is built of (package api/viewer).
const (
	viewerSource = "api/viewer/source"
	viewerBuilt  = "api/viewer/built/viewer.js"
	// viewerMade holds the sum of what the viewer was built of. Go embeds no file whose
	// name begins with a dot.
	viewerMade = "api/viewer/built/.made"
	bundler    = "tools/esbuild"
)

// ErrNoNPM is that the viewer cannot be built here.
var ErrNoNPM = errors.New("npm is missing, which fetches the viewer of desktops: on Debian, apt-get install npm")

// Viewer builds the viewer of desktops, unless it is there and of the same sources. The
// npm package that its lock file pins is fetched into a folder for the time being, and
// runs none of its scripts.
func Viewer(ctx context.Context, root string) error {
	of, err := viewerSum(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a source without one
	}
	if err != nil {
		return fmt.Errorf("read the source of the viewer: %w", err)
	}
	if viewerIs(root, of) {
		return nil
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return ErrNoNPM
	}
	dir, err := os.MkdirTemp("", "lablink-viewer-")
	if err != nil {
		return fmt.Errorf("build the viewer: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := bundle(ctx, root, dir); err != nil {
		return fmt.Errorf("build the viewer of desktops: %w", err)
	}
	return os.WriteFile(filepath.Join(root, viewerMade), []byte(of), 0o644)
}

// viewerIs reports whether the viewer was built of what has this sum.
func viewerIs(root, of string) bool {
	made, err := os.ReadFile(filepath.Join(root, viewerMade))
	_, gone := os.Stat(filepath.Join(root, viewerBuilt))
	return err == nil && gone == nil && string(made) == of
}

// viewerSum is the sum of all that the viewer is built of.
func viewerSum(root string) (string, error) {
	digest := sha256.New()
	for _, name := range []string{viewerSource + "/package.json", viewerSource + "/package-lock.json", viewerSource + "/viewer.js", bundler + "/go.mod"} {
		raw, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(digest, "%s %d\n%s", name, len(raw), raw)
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

// bundle makes one script of the viewer and of the package that it is made with.
func bundle(ctx context.Context, root, dir string) error {
	if err := Packages(ctx, filepath.Join(root, viewerSource), dir); err != nil {
		return err
	}
	out := filepath.Join(root, viewerBuilt)
	cmd := exec.CommandContext(ctx, "go", "tool", "esbuild", filepath.Join(root, viewerSource, "viewer.js"), "--bundle", "--minify",
		"--format=esm", "--target=es2022", "--legal-comments=inline", "--log-level=warning", "--outfile="+out+".new")
	cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(dir, "node_modules"), "GOFLAGS=-trimpath -buildvcs=false", "CGO_ENABLED=0")
	if err := quietly(cmd, filepath.Join(root, bundler)); err != nil {
		return err
	}
	return os.Rename(out+".new", out)
}

// Packages fetches into a folder the npm packages that the lock file of another one pins.
// They run none of their scripts.
func Packages(ctx context.Context, source, dir string) error {
	for _, name := range []string{"package.json", "package-lock.json"} {
		raw, err := os.ReadFile(filepath.Join(source, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), raw, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return quietly(exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"), dir)
}

func quietly(cmd *exec.Cmd, dir string) error {
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args[:2], " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
