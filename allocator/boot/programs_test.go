package boot_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator/boot"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// TestMain lets the test's own program be systemctl and the releases' allocators.
func TestMain(m *testing.M) {
	who, root := os.Getenv("TEST_PROGRAM"), os.Getenv("LABLINK_ROOT")
	switch {
	case who == "":
		os.Exit(max(m.Run(), stopDatabase()))
	case who == "systemctl":
		systemctl(root, os.Args[1:])
	case who == "updater" && os.Args[1] == "turn":
		turn(root)
	case who == "updater":
		copyData(root)
	default:
		allocator(root, who, os.Getenv("TEST_BEHAVIOUR"), os.Args[1:])
	}
}

// script is a program that is this one in a role. The race detector would let each
// of them end a second later.
func script(who, behaviour string) string {
	return fmt.Sprintf("#!/bin/sh\nTEST_PROGRAM='%s' TEST_BEHAVIOUR='%s' GORACE=atexit_sleep_ms=0 exec %s \"$@\"\n", who, behaviour, os.Args[0])
}

func note(file, line string) {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	fmt.Fprintln(f, line)
}

func fail(reason string) {
	fmt.Fprintln(os.Stderr, "lablink-allocator:", reason)
	os.Exit(1)
}

// systemctl runs the one service of the host. Where there is a pipe "restarting",
// it tells there that it restarts, and does not come to an end.
func systemctl(root string, args []string) {
	note(filepath.Join(root, "systemctl.log"), strings.Join(args, " "))
	switch args[0] {
	case "kill":
		endService(root)
	case "restart":
		lookAround(root)
		endService(root)
		if pipe := filepath.Join(root, "restarting"); exists(pipe) {
			note(pipe, "now")
			_, _ = os.ReadFile(filepath.Join(root, "never"))
		}
		startService(root)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func pidFile(root string) string { return filepath.Join(root, "service.pid") }

func endService(root string) {
	raw, err := os.ReadFile(pidFile(root))
	if err != nil {
		return
	}
	pid, err := strconv.Atoi(string(raw))
	if err != nil {
		panic(err)
	}
	_ = syscall.Kill(pid, syscall.SIGKILL) // gone is as good
	_ = os.Remove(pidFile(root))
}

// startService returns when the service is ready.
func startService(root string) {
	cmd := exec.Command(filepath.Join(root, host.CurrentLink, "lablink-allocator"), "serve")
	ready, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err == nil {
		err = os.WriteFile(pidFile(root), []byte(strconv.Itoa(cmd.Process.Pid)), 0o644)
	}
	if err != nil {
		panic(err)
	}
	if n, _ := ready.Read(make([]byte, 1)); n == 0 {
		fmt.Fprintln(os.Stderr, "Job for lablink-allocator.service failed")
		os.Exit(1)
	}
}

// copyData copies no data, as there are none. Where there is a file "no-copy", it
// fails for the reason in there; where that is empty, it takes forever.
func copyData(root string) {
	switch reason, err := os.ReadFile(filepath.Join(root, "no-copy")); {
	case err == nil && len(reason) == 0:
		time.Sleep(time.Hour)
	case err == nil:
		fail(string(reason))
	}
	data := filepath.Join(root, boot.DataDir)
	if len(os.Args) == 3 && os.Args[2] == "--drop" {
		note(filepath.Join(root, "dropped.log"), "dropped")
		return
	}
	if err := os.Mkdir(boot.RehearsalDir(data), 0o700); err != nil {
		fail(err.Error())
	}
	if exists(filepath.Join(root, "shared")) {
		note(boot.CopyFile(data), "a_copy")
	}
}

// allocator does what its behaviour says, as the service ("in service"), in its
// rehearsal ("in rehearsal"), or in both.
func allocator(root, version, behaviour string, args []string) {
	note(filepath.Join(root, "program.log"), version+" "+strings.Join(args, " "))
	if args[0] == "units" {
		dieOnce(root, version)
		return
	}
	data, release, place := filepath.Join(root, boot.DataDir), host.Current(), "service"
	if len(args) == 3 && args[1] == "--rehearse" {
		data, release, place = boot.RehearsalDir(data), args[2], "rehearsal"
	}
	is := func(what string) bool { return behaviour == what || behaviour == what+" in "+place }
	var answered atomic.Int32 // it was ready for some time
	later := func() bool { return answered.Add(1) > 3 }
	taken := filepath.Join(data, "renamed") // what older releases know under another name
	switch {
	case is("takes away"):
		note(taken, "a column")
	case place == "rehearsal" && exists(taken):
		fail("no such column: seats.email")
	}
	switch {
	case is("exits"):
		fail("migrate the database: no such table: seats")
	case is("hangs"):
		time.Sleep(time.Hour)
	}
	answer := func(w http.ResponseWriter, _ *http.Request) {
		if is("ends") && later() {
			os.Exit(1)
		}
		ready := api.Ready{Ready: !is("is never ready") && !(is("gets out of order") && later()), Version: version, Release: release}
		if !ready.Ready {
			ready.Checks = []api.Check{{Name: "database", Reason: "it is locked"}}
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(ready)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err.Error())
	}
	if err := os.WriteFile(boot.AddressFile(data), []byte(l.Addr().String()), 0o644); err != nil {
		fail(err.Error())
	}
	if place == "service" {
		fmt.Print("r")
	}
	fail(http.Serve(l, http.HandlerFunc(answer)).Error())
}

// dieOnce kills the update that called, where a file "kill" names the version.
func dieOnce(root, version string) {
	kill := filepath.Join(root, "kill")
	raw, err := os.ReadFile(kill)
	if err != nil || string(raw) != version {
		return
	}
	_ = os.Remove(kill)
	_ = syscall.Kill(os.Getppid(), syscall.SIGKILL)
}
