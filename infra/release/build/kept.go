package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// kept is what binaries are made of, and the sum of all that this was read from.
// The Go command takes longer for it than all else that a preview in which
// nothing changes waits for.
type kept struct {
	Of             string
	Files, Modules []string
}

// keptIn is where it is kept, in the working copy.
func keptIn(root string) string { return filepath.Join(root, ".lablink", "build", "contents.json") }

// readKept is what was kept of the same files.
func readKept(root, of string) (contents, bool) {
	raw, err := os.ReadFile(keptIn(root))
	var k kept
	if err != nil || json.Unmarshal(raw, &k) != nil || k.Of != of {
		return contents{}, false
	}
	c := contents{map[string]bool{}, map[string]bool{}}
	for _, f := range k.Files {
		c.files[f] = true
	}
	for _, m := range k.Modules {
		c.modules[m] = true
	}
	return c, true
}

// keep keeps it. Where that is not possible it is found out anew each time.
func (c contents) keep(root, of string) {
	raw, err := json.Marshal(kept{of, sorted(c.files), sorted(c.modules)})
	if err != nil || os.MkdirAll(filepath.Dir(keptIn(root)), 0o755) != nil {
		return
	}
	tmp := fmt.Sprintf("%s.%d", keptIn(root), os.Getpid())
	if os.WriteFile(tmp, raw, 0o644) != nil || os.Rename(tmp, keptIn(root)) != nil {
		_ = os.Remove(tmp)
	}
}

// sumOf is the sum of everything that the Go command decides by which files and
// modules binaries are made of: its version, the names of all files, since some
// are embedded, and what stands in those of Go. It knows of no file whose name
// begins with a dot.
func sumOf(ctx context.Context, root string) (string, error) {
	version, err := exec.CommandContext(ctx, "go", "env", "GOVERSION").Output()
	if err != nil {
		return "", fmt.Errorf("ask for Go's version: %w", withOutput(err))
	}
	digest := sha256.New()
	digest.Write(version)
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case path != root && entry.IsDir() && (strings.HasPrefix(name, ".") || name == "node_modules"):
			return fs.SkipDir
		case entry.IsDir() || strings.HasPrefix(name, ".") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		fmt.Fprintf(digest, "%q\n", path)
		if filepath.Ext(name) != ".go" && name != "go.mod" && name != "go.sum" {
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(digest, "%x\n", sha256.Sum256(raw))
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("read source: %w", err)
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}
