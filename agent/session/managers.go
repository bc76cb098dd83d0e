package session

import (
	"errors"
	"os/exec"
)

// managers are the desktops that a session may have, the best first: what Debian, Ubuntu
// and Amazon Linux call the programs that begin them. What comes last only moves windows,
// and gets a terminal to begin with.
var managers = []struct {
	command []string
	bare    bool
}{
	{[]string{"startxfce4"}, false},
	{[]string{"mate-session"}, false},
	{[]string{"startlxqt"}, false},
	{[]string{"startlxde"}, false},
	{[]string{"openbox"}, true},
	{[]string{"icewm-session"}, false},
	{[]string{"fluxbox"}, true},
	{[]string{"twm"}, true},
}

// terminals are what a bare desktop begins with.
var terminals = []string{"xfce4-terminal", "x-terminal-emulator", "xterm"}

// chosen is the desktop to begin, and the terminal for it, if any. A machine that has
// none shows the bare X server.
func chosen(look func(string) (string, error)) (manager []string, terminal string) {
	for _, m := range managers {
		if _, err := look(m.command[0]); err != nil {
			continue
		}
		if !m.bare {
			return m.command, ""
		}
		manager = m.command
		break
	}
	for _, t := range terminals {
		if _, err := look(t); err == nil {
			return manager, t
		}
	}
	return manager, ""
}

var installed = exec.LookPath

// Complete says what a machine lacks to show a whole desktop, and how Debian and Ubuntu get
// it.
func Complete() error {
	if err := Possible(); err != nil {
		return errors.New("TigerVNC is not on this machine: sudo apt-get install tigervnc-standalone-server xfce4 xfce4-terminal dbus-x11")
	}
	if manager, _ := chosen(installed); manager == nil {
		return errors.New("there is no desktop on this machine, as Xfce, to be shown by TigerVNC: sudo apt-get install xfce4 xfce4-terminal dbus-x11")
	}
	return nil
}
