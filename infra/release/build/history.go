package build

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// lastChange is the time of the newest commit that touched one of the files.
// Where the history does not tell, which is outside a repository and before the
// beginning of a shallow clone, it is SOURCE_DATE_EPOCH or 1970: a release never
// depends on the clock, nor on the commit that a shallow clone happens to begin
// with.
func lastChange(ctx context.Context, root string, files []string) (time.Time, error) {
	found, err := git(ctx, root, append([]string{"log", "-1", "--format=%H %ct", "--"}, files...)...)
	commit, seconds, _ := strings.Cut(found, " ")
	if err != nil || beginsShallow(ctx, root, commit) {
		seconds = ""
	}
	if seconds == "" {
		seconds = os.Getenv("SOURCE_DATE_EPOCH")
	}
	if seconds == "" {
		seconds = "0"
	}
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("read the date of the source (SOURCE_DATE_EPOCH is in seconds): %w", err)
	}
	return time.Unix(unix, 0).UTC(), nil
}

// beginsShallow reports whether a shallow clone begins with the commit: git
// then takes it for the one that added every file.
func beginsShallow(ctx context.Context, root, commit string) bool {
	file, err := git(ctx, root, "rev-parse", "--git-path", "shallow")
	if err != nil || commit == "" {
		return false
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(root, file)
	}
	raw, err := os.ReadFile(file)
	return err == nil && slices.Contains(strings.Fields(string(raw)), commit)
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
	id, err := git(ctx, root, "rev-parse", "HEAD")
	if err != nil {
		return Commit{}, fmt.Errorf("find the commit of %s: %w", root, err)
	}
	changes, err := git(ctx, root, "status", "--porcelain")
	if err != nil {
		return Commit{}, fmt.Errorf("look for uncommitted changes: %w", err)
	}
	remotes, err := git(ctx, root, "branch", "--remotes", "--contains", id)
	if err != nil {
		return Commit{}, fmt.Errorf("look for the commit on remotes: %w", err)
	}
	return Commit{ID: id, Dirty: changes != "", Published: remotes != ""}, nil
}

func git(ctx context.Context, root string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = root
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), withOutput(err)
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

func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
