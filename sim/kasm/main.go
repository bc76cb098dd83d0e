//go:build linux

// Command kasm stands for KasmVNC in images of tests, which Debian does not have: an X
// server whose stream a WebSocket gives to who knows the password. As an image's entry
// point it does what images of LabLink do: it takes the password from its file, and runs
// the desktop's programs.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/coder/websocket"
)

const socket = "/tmp/rfb"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "kasm:", err)
		os.Exit(1)
	}
}

// run shows a desktop with programs.
func run(programs []string) error {
	password, err := os.ReadFile(os.Getenv("LABLINK_PASSWORD_FILE"))
	if err != nil {
		return err
	}
	x := exec.Command("Xvnc", ":1", "-rfbunixpath="+socket, "-rfbport=-1", "-nolisten", "tcp", "-SecurityTypes=None", "-AlwaysShared", "-geometry", "640x480")
	x.Stdout, x.Stderr = os.Stdout, os.Stderr
	if err := x.Start(); err != nil {
		return err
	}
	for _, program := range programs {
		p := exec.Command(program)
		p.Env = append(os.Environ(), "DISPLAY=:1")
		p.Stdout, p.Stderr = os.Stdout, os.Stderr
		if err := p.Start(); err != nil {
			return err
		}
		go func() { _ = p.Wait() }()
	}
	go func() {
		server := &http.Server{Addr: ":6080", Handler: handler(strings.TrimSpace(string(password))), ReadHeaderTimeout: 10 * time.Second}
		fmt.Fprintln(os.Stderr, "kasm:", server.ListenAndServe())
		os.Exit(1)
	}()
	return x.Wait()
}

func handler(password string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /websockify", func(w http.ResponseWriter, r *http.Request) {
		if user, said, ok := r.BasicAuth(); !ok || user != "kasm_user" || said != password {
			http.Error(w, "who are you", http.StatusUnauthorized)
			return
		}
		x, err := (&net.Dialer{}).DialContext(r.Context(), "unix", socket)
		if err != nil {
			http.Error(w, "there is no desktop yet", http.StatusServiceUnavailable)
			return
		}
		defer x.Close()
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"binary"}})
		if err != nil {
			return
		}
		defer ws.CloseNow()
		browser := websocket.NetConn(r.Context(), ws, websocket.MessageBinary)
		go func() { _, _ = io.Copy(x, browser); _ = x.Close() }()
		_, _ = io.Copy(browser, x)
	})
	return mux
}
