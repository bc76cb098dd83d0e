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

// bundle is what browsers run, made of sources and of npm packages.
type bundle struct {
	what    string   // for people
	source  string   // its folder, with a lock file
	parts   []string // the files in it that something is made of
	entries []string // those of them that become one file each
	built   string   // where these are put
}

// bundles are all that there are: the viewer of desktops (api/viewer), and what moves on
// the pages (allocator/web).
var bundles = []bundle{
	{"the viewer of desktops", "api/viewer/source", []string{"viewer.js"}, []string{"viewer.js"}, "api/viewer/built"},
	{
		"the scripts and styles of the pages", "allocator/web/source",
		[]string{"pages.js", "times.js", "pictures.js", "streams.js", "pages.css", "style.css"}, []string{"pages.js", "pages.css"}, "allocator/web/built",
	},
}

const (
	// bundledOf holds the sum of what was built. Go embeds no file whose name begins with
	// a dot.
	bundledOf = ".made"
	bundler   = "tools/esbuild"
)

// ErrNoNPM is that what browsers run cannot be built here.
var ErrNoNPM = errors.New("npm is missing, which fetches what the pages are made of: on Debian, apt-get install npm")

// Scripts builds what browsers run, unless it is there and of the same sources. The npm
// packages that lock files pin are fetched into folders for the time being, and run none
// of their scripts.
func Scripts(ctx context.Context, root string) error {
	for _, b := range bundles {
		if err := b.build(ctx, root); err != nil {
			return err
		}
	}
	return nil
}

// ScriptsBuilt are the files, below the root, that Scripts makes.
func ScriptsBuilt() (all []string) {
	for _, b := range bundles {
		for _, name := range b.entries {
			all = append(all, b.built+"/"+name)
		}
	}
	return all
}

func (b bundle) build(ctx context.Context, root string) error {
	of, err := b.sum(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a source without it
	}
	if err != nil {
		return fmt.Errorf("read the source of %s: %w", b.what, err)
	}
	if b.is(root, of) {
		return nil
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return ErrNoNPM
	}
	dir, err := os.MkdirTemp("", "lablink-scripts-")
	if err != nil {
		return fmt.Errorf("build %s: %w", b.what, err)
	}
	defer os.RemoveAll(dir)
	if err := Packages(ctx, filepath.Join(root, b.source), dir); err != nil {
		return fmt.Errorf("fetch what %s is made of: %w", b.what, err)
	}
	for _, name := range b.entries {
		if err := b.join(ctx, root, dir, name); err != nil {
			return fmt.Errorf("build %s: %w", b.what, err)
		}
	}
	return os.WriteFile(filepath.Join(root, b.built, bundledOf), []byte(of), 0o644)
}

// is reports whether what is there was built of what has this sum.
func (b bundle) is(root, of string) bool {
	made, err := os.ReadFile(filepath.Join(root, b.built, bundledOf))
	for _, name := range b.entries {
		_, gone := os.Stat(filepath.Join(root, b.built, name))
		err = errors.Join(err, gone)
	}
	return err == nil && string(made) == of
}

// sum is that of all that it is built of.
func (b bundle) sum(root string) (string, error) {
	names := []string{bundler + "/go.mod", b.source + "/package.json", b.source + "/package-lock.json"}
	for _, part := range b.parts {
		names = append(names, b.source+"/"+part)
	}
	digest := sha256.New()
	for _, name := range names {
		raw, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(digest, "%s %d\n%s", name, len(raw), raw)
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

// join makes one file of a source and of all that it takes in.
func (b bundle) join(ctx context.Context, root, dir, name string) error {
	out := filepath.Join(root, b.built, name)
	next := filepath.Join(dir, name)
	cmd := exec.CommandContext(ctx, "go", "tool", "esbuild", filepath.Join(root, b.source, name), "--bundle", "--minify",
		"--format=esm", "--target=es2022", "--legal-comments=inline", "--log-level=warning", "--outfile="+next)
	cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(dir, "node_modules"), "GOFLAGS=-trimpath -buildvcs=false", "CGO_ENABLED=0")
	if err := quietly(cmd, filepath.Join(root, bundler)); err != nil {
		return err
	}
	raw, err := os.ReadFile(next)
	if err != nil {
		return err
	}
	if err := os.WriteFile(out+".new", raw, 0o644); err != nil {
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
