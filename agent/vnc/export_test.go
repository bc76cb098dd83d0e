package vnc

import "time"

// SetPatience makes a desktop wait for less long.
func (d *Desktop) SetPatience(p time.Duration) { d.patience = p }

// Streams is how many see the desktop.
func (d *Desktop) Streams() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.streams + d.entered
}
