package system

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/talmolab/lablink-infrastructure/infra/release/build"
)

// workingCopy is where these tests come from. They change nothing there.
var workingCopy string

// copies are copies of the working copy that no test works in: committed, and on a
// remote, as what is deployed to production must be. As many tests run at once.
var copies chan string

func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "tofu", "terraform": // as which a test puts itself on the PATH
		if err := actAsTerraform(context.Background(), os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, "Error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	flag.Parse()
	dir, err := os.MkdirTemp("", "lablink-system-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = makeCopies(dir, flag.Lookup("test.parallel").Value.(flag.Getter).Get().(int))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "copy the working copy:", err)
		return 1
	}
	return m.Run()
}

// lease gives a test a copy until it ends. The test runs beside others from here on.
func lease(t testing.TB) (root string) {
	t.Helper()
	if t, ok := t.(*testing.T); ok {
		t.Parallel()
	}
	root = <-copies
	t.Cleanup(func() { copies <- root })
	return root
}

func makeCopies(dir string, n int) (err error) {
	if workingCopy, err = filepath.Abs("../.."); err != nil {
		return err
	}
	copies = make(chan string, n)
	for i := range n {
		of := filepath.Join(dir, strconv.Itoa(i))
		root := filepath.Join(of, "copy")
		if err := makeCopy(of, root); err != nil {
			return err
		}
		copies <- root
	}
	return nil
}

// makeCopy copies what git knows and what it does not ignore, and uses the engine
// that the working copy has built, or builds it there.
func makeCopy(dir, root string) error {
	list, err := git(workingCopy, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.TrimRight(list, "\x00"), "\x00") {
		if err := copyFile(filepath.Join(workingCopy, name), filepath.Join(root, name)); err != nil {
			return err
		}
	}
	for _, name := range build.ScriptsBuilt() { // what browsers run, that the working copy has built
		for _, name := range []string{name, filepath.Join(filepath.Dir(name), ".made")} {
			if err := copyFile(filepath.Join(workingCopy, name), filepath.Join(root, name)); err != nil {
				return err
			}
		}
	}
	engine := filepath.Join(workingCopy, ".lablink", "engine")
	if err := errors.Join(os.MkdirAll(engine, 0o755), os.MkdirAll(filepath.Join(root, ".lablink"), 0o755)); err != nil {
		return err
	}
	if err := os.Symlink(engine, filepath.Join(root, ".lablink", "engine")); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"}, {"add", "-A"}, {"commit", "-q", "-m", "All of it"},
		{"init", "-q", "--bare", filepath.Join(dir, "remote")}, {"remote", "add", "origin", filepath.Join(dir, "remote")},
		{"push", "-q", "-u", "origin", "main"},
	} {
		if _, err := git(root, args...); err != nil {
			return err
		}
	}
	return nil
}

// copyFile copies a file with its mode; one that was deleted is left out.
func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, raw, info.Mode())
}

func git(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-c", "user.name=LabLink", "-c", "user.email=lablink@example.org"}, args...)...)
	var out, said bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, said.String())
	}
	return out.String(), nil
}
