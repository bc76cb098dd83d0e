package vnc

import (
	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/session"
)

// Window is the active window, and whether that is known. Whoever works on the desktop can
// have it say anything: it tells of nobody else, and decides nothing.
func (d *Desktop) Window() (agent.Window, bool) {
	w, err := session.ReadWindow(d.places.Session)
	if err != nil {
		return agent.Window{}, false
	}
	return agent.Window{Process: w.PID, Class: w.Class}, true
}
