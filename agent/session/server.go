package session

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Socket is the name of the socket in a session's folder on which the desktop speaks.
const Socket = "rfb"

// ErrNoServer is that the machine has no X server that speaks VNC.
var ErrNoServer = errors.New("TigerVNC is not on this machine: install tigervnc-standalone-server (on Amazon Linux tigervnc-server), or take an image that has it")

// Possible says what a machine lacks to show a desktop, if it does.
func Possible() error {
	if _, err := exec.LookPath("Xvnc"); err != nil {
		return ErrNoServer
	}
	return nil
}

// serverArgs are those of Xvnc. The socket is named without its folder, which it is
// started in: a socket's path has to be short.
var serverArgs = []string{
	"-displayfd", "3",
	"-rfbunixpath=" + Socket, "-rfbunixmode=0660", "-rfbport=-1", // the socket, and no port
	"-nolisten", "tcp",
	"-SecurityTypes=None", // who may open the socket may come
	"-AlwaysShared",
	"-auth", cookieFile,
	"-noreset", "-geometry", "1280x800", "-depth", "24", "-desktop", "LabLink",
	"-AcceptSetDesktopSize", "-SendPrimary=0", "-SetPrimary=0", "-MaxCutText=1048576",
	"-IdleTimeout=0", "-MaxIdleTime=0", "-MaxDisconnectionTime=0",
}

// server is an X server that runs.
type server struct {
	cmd     *exec.Cmd
	display string // as DISPLAY has it
}

// starts is how often the X server is started before it is given up.
const starts = 3

// errEnded is that of one which ended at once, as it does where the number that it takes is
// still that of one that is just ending.
var errEnded = errors.New("Xvnc ended before it could be used")

// startServer starts the X server in a folder, and returns when it can be used.
func startServer(ctx context.Context, dir string, out io.Writer) (*server, error) {
	program, err := exec.LookPath("Xvnc")
	if err != nil {
		return nil, ErrNoServer
	}
	for tries := 1; ; tries++ {
		x, err := tryServer(ctx, program, dir, out)
		if !errors.Is(err, errEnded) || tries == starts || ctx.Err() != nil {
			return x, err
		}
		fmt.Fprintf(out, "%s; it is started again\n", err)
	}
}

func tryServer(ctx context.Context, program, dir string, out io.Writer) (*server, error) {
	if err := os.Remove(filepath.Join(dir, Socket)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("take away the socket of a desktop before: %w", err)
	}
	if err := writeCookie(filepath.Join(dir, cookieFile)); err != nil {
		return nil, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start the desktop: %w", err)
	}
	defer read.Close()
	cmd := exec.CommandContext(ctx, program, serverArgs...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = dir, out, out, []*os.File{write}
	gentle(cmd)
	err = cmd.Start()
	_ = write.Close() // the X server has it
	if err != nil {
		return nil, fmt.Errorf("start Xvnc: %w", err)
	}
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errEnded, cmd.Wait())
	}
	return &server{cmd, ":" + strings.TrimSpace(number)}, nil
}

// gentle asks a program to end, with its context, and sees to it that it ends with this
// one.
func gentle(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = patience
}
