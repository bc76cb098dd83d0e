package build

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Source is the code that goes into a release.
type Source struct {
	Root    string    // the module's root folder
	Version string    // source-<12 digits>, of everything that is compiled in
	Changed time.Time // when it last changed, by the repository's history
}

// FindSource reads the source below root: which files of this module the
// binaries are made of, their sum, and the newest commit that touched them.
func FindSource(ctx context.Context, root string) (Source, error) {
	files, err := sourceFiles(ctx, root)
	if err != nil {
		return Source{}, err
	}
	digest := sha256.New()
	for _, name := range files {
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return Source{}, fmt.Errorf("name %s: %w", name, err)
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			return Source{}, fmt.Errorf("read source: %w", err)
		}
		fmt.Fprintf(digest, "%s %d\n", filepath.ToSlash(rel), len(raw))
		digest.Write(raw)
	}
	changed, err := lastChange(ctx, root)
	return Source{
		Root: root, Version: "source-" + hex.EncodeToString(digest.Sum(nil))[:12], Changed: changed,
	}, err
}

// sourceFiles lists what the compiler reads of this module, sorted.
func sourceFiles(ctx context.Context, root string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps",
		"-json=Dir,Module,GoFiles,CgoFiles,EmbedFiles,Standard", "./"+allocatorMain, "./"+agentMain)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=1", "GOOS=linux")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list the source of the release: %w", withOutput(err))
	}
	files := []string{filepath.Join(root, "go.mod"), filepath.Join(root, "go.sum")}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p struct {
			Dir                           string
			Module                        *struct{ Main bool }
			GoFiles, CgoFiles, EmbedFiles []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("list the source of the release: %w", err)
		}
		if p.Module == nil || !p.Module.Main {
			continue
		}
		for _, f := range slices.Concat(p.GoFiles, p.CgoFiles, p.EmbedFiles) {
			files = append(files, filepath.Join(p.Dir, f))
		}
	}
	slices.Sort(files)
	return files, nil
}

// lastChange is the time of the newest commit that touched the release's
// folders. Outside a repository it is SOURCE_DATE_EPOCH or the beginning of
// time, so that a release never depends on the clock.
func lastChange(ctx context.Context, root string) (time.Time, error) {
	cmd := exec.CommandContext(ctx, "git", "log", "-1", "--format=%ct", "--", "go.mod", "api", "allocator", "agent")
	cmd.Dir = root
	out, err := cmd.Output()
	seconds := strings.TrimSpace(string(out))
	if err != nil || seconds == "" {
		seconds = os.Getenv("SOURCE_DATE_EPOCH")
	}
	if seconds == "" {
		seconds = "0"
	}
	var unix int64
	if _, err := fmt.Sscan(seconds, &unix); err != nil {
		return time.Time{}, fmt.Errorf("read the date of the source %q: %w", seconds, err)
	}
	return time.Unix(unix, 0).UTC(), nil
}

// Commit says what the working copy's commit is, whether it holds uncommitted
// changes and whether a remote has it.
type Commit struct {
	ID        string
	Dirty     bool
	Published bool
}

// FindCommit asks git.
func FindCommit(ctx context.Context, root string) (Commit, error) {
	git := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir = root
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), withOutput(err)
	}
	id, err := git("rev-parse", "HEAD")
	if err != nil {
		return Commit{}, fmt.Errorf("find the commit of %s: %w", root, err)
	}
	changes, err := git("status", "--porcelain")
	if err != nil {
		return Commit{}, fmt.Errorf("look for uncommitted changes: %w", err)
	}
	remotes, err := git("branch", "--remotes", "--contains", id)
	if err != nil {
		return Commit{}, fmt.Errorf("look for the commit on remotes: %w", err)
	}
	return Commit{ID: id, Dirty: changes != "", Published: remotes != ""}, nil
}

// withOutput adds the first lines that a failed command said.
func withOutput(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) || len(exit.Stderr) == 0 {
		return err
	}
	var lines []string
	for s := bufio.NewScanner(strings.NewReader(string(exit.Stderr))); s.Scan() && len(lines) < 10; {
		lines = append(lines, s.Text())
	}
	return fmt.Errorf("%w: %s", err, strings.Join(lines, "\n"))
}
