package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/agent/rfb"
	"github.com/talmolab/lablink-infrastructure/agent/session"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// said takes what programs say.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// manager puts a window manager of the test's first on the PATH: it tells what it sees.
func manager(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "startxfce4"), []byte("#!/bin/sh\n"+script+"\n"), 0o755))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// server is the process at the other end.
func server(t *testing.T, conn net.Conn) (pid int) {
	t.Helper()
	raw, err := conn.(*net.UnixConn).SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) {
		peer, err := syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
		require.NoError(t, err)
		pid = int(peer.Pid)
	}))
	return pid
}

// listening are the addresses of TCP on which a process listens, as the kernel writes them.
func listening(t *testing.T, pid int) (addresses []string) {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var sockets []string
	for _, f := range files {
		name, _ := os.Readlink(f) // closed meanwhile
		sockets = append(sockets, name)
	}
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		raw, err := os.ReadFile(file)
		if !errors.Is(err, os.ErrNotExist) {
			require.NoError(t, err)
		}
		for line := range strings.Lines(string(raw)) {
			words := strings.Fields(line) // its number, local, remote, state, …; the tenth is the socket's
			if len(words) > 9 && words[3] == "0A" && slices.Contains(sockets, "socket:["+words[9]+"]") {
				addresses = append(addresses, words[1])
			}
		}
	}
	return addresses
}

func TestADesktopIsShownOnASocketAndDrawnOnWithACookieAlone(t *testing.T) {
	_, err := exec.LookPath("Xvnc")
	require.NoError(t, err, "make test installs tigervnc-standalone-server")
	dir, home := t.TempDir(), t.TempDir()
	told := filepath.Join(home, "told")
	require.NoError(t, syscall.Mkfifo(told, 0o600))
	t.Setenv("AWS_SECRET_ACCESS_KEY", "of the service")
	manager(t, `env >told; exec sleep 1000`)
	out := &said{}
	ready := make(chan struct{})
	s := session.Session{Dir: dir, Home: home, Out: out, Ready: func() { close(ready) }}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	select {
	case <-ready:
	case err := <-ended:
		require.NoError(t, err, out.String())
	}

	info, err := os.Stat(filepath.Join(dir, session.Socket))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o660), info.Mode().Perm(), "its user and the agent's group")
	conn, err := net.Dial("unix", filepath.Join(dir, session.Socket))
	require.NoError(t, err)
	defer conn.Close()
	_, err = rfb.Greeting(conn)
	require.NoError(t, err)

	env, err := os.ReadFile(told) // waits for the window manager
	require.NoError(t, err)
	assert.NotContains(t, string(env), "of the service")
	assert.Contains(t, string(env), "HOME="+home+"\n")
	see := exec.CommandContext(t.Context(), "xwininfo", "-root")
	see.Env = strings.Split(string(env), "\n")
	require.NoError(t, see.Run(), "a program of the desktop")
	see = exec.CommandContext(t.Context(), "xwininfo", "-root")
	for _, v := range strings.Split(string(env), "\n") {
		if strings.HasPrefix(v, "DISPLAY=") || strings.HasPrefix(v, "PATH=") {
			see.Env = append(see.Env, v)
		}
	}
	require.Error(t, see.Run(), "one without the cookie")
	require.Empty(t, listening(t, server(t, conn)), "it listens on no port")

	stop()
	require.ErrorIs(t, <-ended, context.Canceled)
	_, err = io.ReadAll(conn)
	require.NoError(t, err, "the desktop has ended")
}

func TestADesktopThatEndsBeginsAgainAndWithItsServerAllEnds(t *testing.T) {
	dir, home := t.TempDir(), t.TempDir()
	told := filepath.Join(home, "told")
	require.NoError(t, syscall.Mkfifo(told, 0o600))
	manager(t, `echo begun >told`)
	s := session.Session{Dir: dir, Home: home, Out: &said{}, Ready: func() {}}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(t.Context()) }()
	for range 2 {
		raw, err := os.ReadFile(told)
		require.NoError(t, err)
		require.Contains(t, string(raw), "begun")
	}
	conn, err := net.Dial("unix", filepath.Join(dir, session.Socket))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, syscall.Kill(server(t, conn), syscall.SIGKILL))
	require.ErrorContains(t, <-ended, "the X server ended: signal: killed")
}

// ready is what becomes of a session that is ended once it is ready, whose X server does
// something first.
func ready(t *testing.T, first string) error {
	t.Helper()
	manager(t, "exec sleep 1000")
	bin := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(bin, "Xvnc"), []byte("#!/bin/sh\n"+first+"\necho 99 >&3\nexec 3>&-\nexec sleep 1000\n"), 0o755))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	ctx, stop := context.WithCancel(t.Context())
	s := session.Session{Dir: t.TempDir(), Home: t.TempDir(), Out: &said{}, Ready: stop}
	return s.Run(ctx)
}

// As on a computer that is busy with other things.
func TestADesktopEndsWithWhoWantedItThoughItsServerTakesLongToEnd(t *testing.T) {
	require.ErrorIs(t, ready(t, "trap '' TERM"), context.Canceled)
}

// As where one that was killed a moment ago has not let go of it.
func TestAServerThatFindsItsNumberTakenIsStartedAgain(t *testing.T) {
	require.ErrorIs(t, ready(t, "[ -e again ] || { >again; exit 1; }"), context.Canceled)
}

func TestAMachineWithoutAServerSaysWhatToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	s := session.Session{Dir: t.TempDir(), Home: t.TempDir(), Out: &said{}, Ready: func() { t.Error("it is not ready") }}
	require.ErrorContains(t, s.Run(t.Context()), "install tigervnc-standalone-server")
}

// desktop starts a session with a window manager and xterm, and returns its folder.
func desktop(t *testing.T, script string) (dir string, said *said) {
	t.Helper()
	_, err := exec.LookPath("openbox")
	require.NoError(t, err, "make test installs openbox and xterm")
	manager(t, script)
	dir, said = t.TempDir(), newSaid()
	ready, ended := make(chan struct{}), make(chan error, 1)
	s := session.Session{Dir: dir, Home: t.TempDir(), Out: said, Ready: func() { close(ready) }}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	go func() { ended <- s.Run(ctx) }()
	select {
	case <-ready:
	case err := <-ended:
		stop()
		require.NoError(t, err, said.String())
	}
	t.Cleanup(func() { stop(); require.ErrorIs(t, <-ended, context.Canceled) })
	return dir, said
}

func newSaid() *said { return &said{} }

func TestWhichWindowIsActiveIsWrittenDown(t *testing.T) {
	dir, out := desktop(t, `openbox & until xprop -root _NET_SUPPORTING_WM_CHECK | grep -q 'id #'; do sleep 0.05; done; xterm -class Blender -name blender -e 'sleep 1000' & wait`)
	var w session.Window
	is := func(class ...string) func() bool {
		return func() (same bool) {
			var err error
			w, err = session.ReadWindow(dir)
			return err == nil && slices.Equal(w.Class, class)
		}
	}
	require.Eventually(t, is("blender", "Blender"), time.Minute, 5*time.Millisecond, "%s", out)
	comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", w.PID))
	require.NoError(t, err)
	assert.Equal(t, "xterm\n", string(comm))
	require.NoError(t, syscall.Kill(w.PID, syscall.SIGTERM))
	require.Eventually(t, func() bool { return is()() && w.PID == 0 }, time.Minute, 5*time.Millisecond, "nothing has the keyboard: %+v", &w)
	info, err := os.Stat(filepath.Join(dir, "window"))
	require.NoError(t, err)
	assert.Zero(t, info.Mode().Perm()&0o007, "nobody else's to read")
}

func TestWhichWindowIsActiveIsNotKnownWithoutAWindowManagerThatSaysSo(t *testing.T) {
	dir, _ := desktop(t, `xterm -e 'touch here; sleep 1000'`)
	_, err := session.ReadWindow(dir)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestWhatASessionWritesInPlaceOfAWindowIsRefused(t *testing.T) {
	for name, write := range map[string]func(file string) error{
		"a link":      func(file string) error { return os.Symlink("/etc/passwd", file) },
		"a pipe":      func(file string) error { return syscall.Mkfifo(file, 0o600) },
		"a folder":    func(file string) error { return os.Mkdir(file, 0o700) },
		"a long text": func(file string) error { return os.WriteFile(file, bytes.Repeat([]byte(" "), 1<<20), 0o600) },
		"no JSON":     func(file string) error { return os.WriteFile(file, []byte("{"), 0o600) },
	} {
		dir := t.TempDir()
		require.NoError(t, write(filepath.Join(dir, "window")))
		_, err := session.ReadWindow(dir)
		assert.Error(t, err, name)
	}
}
