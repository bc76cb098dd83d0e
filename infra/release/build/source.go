package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/talmolab/lablink-infrastructure/api/release"
)

// Source is the code that goes into a release.
type Source struct {
	Root    string    // the module's root folder
	Version string    // source-<12 digits>, of everything that is compiled in
	Changed time.Time // when it last changed, by the repository's history
}

// FindSource reads the source below root: which files of this module and which
// versions of others the binaries are made of, their sum, and the newest commit
// that touched one of the files. What the binaries are not made of (tests, other
// programs and their modules) changes nothing.
func FindSource(ctx context.Context, root string) (Source, error) {
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		return Source{}, fmt.Errorf("find the source of the release: %w", err)
	}
	// Without what browsers run a preview still tells what would change; Build asks for it.
	if err := Scripts(ctx, root); err != nil && !errors.Is(err, ErrNoNPM) {
		return Source{}, err
	}
	c, err := contentsOf(ctx, root)
	if err != nil {
		return Source{}, err
	}
	digest := sha256.New()
	for _, m := range sorted(c.modules) {
		fmt.Fprintln(digest, m)
	}
	files := sorted(c.files)
	for _, name := range files {
		raw, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return Source{}, fmt.Errorf("read source: %w", err)
		}
		fmt.Fprintf(digest, "%s %d\n", name, len(raw))
		digest.Write(raw)
	}
	changed, err := lastChange(ctx, root, files)
	return Source{
		Root: root, Version: "source-" + hex.EncodeToString(digest.Sum(nil))[:12], Changed: changed,
	}, err
}

// contents are what binaries are made of.
type contents struct {
	files   map[string]bool // of this module, below its root, with slashes
	modules map[string]bool // path@version
}

// contentsOf lists what the compiler reads, for every architecture: a release is
// the same wherever it is built.
func contentsOf(ctx context.Context, root string) (contents, error) {
	of, err := sumOf(ctx, root)
	if err != nil {
		return contents{}, err
	}
	if c, ok := readKept(root, of); ok {
		return c, nil
	}
	c := contents{map[string]bool{}, map[string]bool{}}
	lists := make([][]byte, len(release.CrossCompilers))
	all, ctx := errgroup.WithContext(ctx)
	for i, arch := range slices.Sorted(maps.Keys(release.CrossCompilers)) {
		all.Go(func() (err error) {
			lists[i], err = list(ctx, root, arch)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return c, fmt.Errorf("list the source of the release: %w", err)
	}
	for _, packages := range lists {
		if err := c.add(root, packages); err != nil {
			return c, fmt.Errorf("list the source of the release: %w", err)
		}
	}
	c.keep(root, of)
	return c, nil
}

// list prints the packages that binaries for an architecture are made of.
func list(ctx context.Context, root, arch string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps",
		"-json=Dir,Module,GoFiles,CgoFiles,CFiles,HFiles,SFiles,EmbedFiles", "./"+allocatorMain, "./"+agentMain)
	cmd.Dir, cmd.Env = root, append(environment("linux", arch), "CGO_ENABLED=1")
	out, err := cmd.Output()
	return out, withOutput(err)
}

// add adds the packages that go list prints.
func (c contents) add(root string, packages []byte) error {
	dec := json.NewDecoder(strings.NewReader(string(packages)))
	for {
		var p struct {
			Dir    string
			Module *struct {
				Path, Version, GoVersion string
				Main                     bool
				Replace                  *struct{ Path, Version string }
			}
			GoFiles, CgoFiles, CFiles, HFiles, SFiles, EmbedFiles []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		switch m := p.Module; {
		case m == nil: // the standard library: the manifest names Go's version
		case m.Replace != nil:
			c.modules[m.Replace.Path+"@"+m.Replace.Version] = true
		case !m.Main:
			c.modules[m.Path+"@"+m.Version] = true
		default:
			c.modules["go@"+m.GoVersion] = true
			for _, files := range [][]string{p.GoFiles, p.CgoFiles, p.CFiles, p.HFiles, p.SFiles, p.EmbedFiles} {
				if err := c.addFiles(root, p.Dir, files); err != nil {
					return err
				}
			}
		}
	}
}

func (c contents) addFiles(root, dir string, files []string) error {
	for _, f := range files {
		name, err := filepath.Rel(root, filepath.Join(dir, f))
		if err != nil {
			return fmt.Errorf("name %s: %w", f, err)
		}
		c.files[filepath.ToSlash(name)] = true
	}
	return nil
}
