package sim

import (
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// interruptions are the spot instances that AWS takes back soon.
type interruptions struct {
	mu     sync.Mutex
	timers []*time.Timer
	closed bool
}

// begin gives notice, and ends the instance when it is over.
func (n *interruptions) begin(account *cloud.Account, instance string) error {
	at, err := account.Interrupt(instance)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.closed {
		n.timers = append(n.timers, time.AfterFunc(time.Until(at), func() {
			_ = account.TakeBack(instance) // it is there, or is forgotten
		}))
	}
	return nil
}

func (n *interruptions) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	for _, t := range n.timers {
		t.Stop()
	}
}
