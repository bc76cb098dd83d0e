package podman_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// This program is podman, where it is called that: its folder has what it knows, and what
// it was asked.
func TestMain(m *testing.M) {
	self, err := os.Executable()
	if err == nil && filepath.Base(self) == "podman" {
		os.Exit(fake(filepath.Dir(self), os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

// fake answers a call.
func fake(dir string, args []string) int {
	call := strings.Join(args, " ")
	told, err := os.OpenFile(filepath.Join(dir, "told"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 9
	}
	fmt.Fprintln(told, call)
	_ = told.Close()
	has := func(name string) bool { _, err := os.Stat(filepath.Join(dir, name)); return err == nil }
	switch {
	case strings.HasPrefix(call, "system service"):
		return serve(dir, strings.TrimPrefix(args[len(args)-1], "unix://"))
	case strings.HasPrefix(call, "image exists"):
		if !has("pulled") {
			return 1
		}
	case strings.HasPrefix(call, "network exists"):
		return 1
	case strings.HasPrefix(call, "image inspect"):
		raw, _ := os.ReadFile(filepath.Join(dir, "about"))
		fmt.Print(string(raw))
	case args[0] == "cp":
		return give(dir, strings.TrimPrefix(args[1], "lablink-look:"), args[2])
	case args[0] == "run":
		return serveDesktop(dir)
	case args[0] == "rm" && has("running"):
		raw, _ := os.ReadFile(filepath.Join(dir, "running"))
		pid, err := strconv.Atoi(string(raw))
		if err != nil || syscall.Kill(pid, syscall.SIGTERM) != nil {
			return 4
		}
	}
	return 0
}

// serve is podman's API, which says what the test has written.
func serve(dir, socket string) int {
	l, err := net.Listen("unix", socket)
	if err != nil {
		return 8
	}
	_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := os.ReadFile(filepath.Join(dir, "says"))
		_, _ = w.Write(raw)
		if !strings.Contains(string(raw), "error") {
			_ = os.WriteFile(filepath.Join(dir, "pulled"), []byte(r.URL.Query().Get("fromImage")), 0o600)
		}
	}))
	return 7
}

// give copies a file or a folder of the image's.
func give(dir, from, to string) int {
	from = filepath.Join(dir, "image", from)
	if info, err := os.Stat(from); err != nil || !info.IsDir() {
		in, err := os.Open(from)
		if err != nil {
			fmt.Fprintln(os.Stderr, "no such file or directory")
			return 125
		}
		out, err := os.Create(to)
		if err != nil {
			return 6
		}
		_, _ = io.Copy(out, in)
		return 0
	}
	if os.CopyFS(to, os.DirFS(from)) != nil {
		return 5
	}
	return 0
}

// serveDesktop runs until it is told to end.
func serveDesktop(dir string) int {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	next := filepath.Join(dir, "running.new")
	if os.WriteFile(next, []byte(strconv.Itoa(os.Getpid())), 0o600) != nil || os.Rename(next, filepath.Join(dir, "running")) != nil {
		return 3
	}
	<-ended
	return 0
}

// install puts the fake on the PATH, and returns its folder.
func install(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, copyFile(self, filepath.Join(dir, "podman")))
	write(t, filepath.Join(dir, "told"), "")
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("LABLINK_ROOT", shortDir(t))
	require.NoError(t, os.MkdirAll(filepath.Join(os.Getenv("LABLINK_ROOT"), "run"), 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(os.Getenv("LABLINK_ROOT"), "var/lib"), 0o755))
	return dir
}

// shortDir is a folder with a short name: the path of a socket has to be short.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "p") //nolint:usetesting // the test's name is in its folder's
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// copyFile links a program, or copies it to another disk.
func copyFile(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, raw, 0o755)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

func calls(t *testing.T, dir string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "told"))
	require.NoError(t, err)
	return string(raw)
}
