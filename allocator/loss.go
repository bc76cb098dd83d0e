package allocator

import (
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Loss is why a participant lost the machine that they had, as they are told: staff reads
// the reason.
type Loss string

// A machine fails, is taken back by AWS, boots again, is given up, or they were given
// another one.
const (
	LossFailed  Loss = "failed"
	LossTaken   Loss = "taken"
	LossRestart Loss = "restart"
	LossEnded   Loss = "ended"
	LossMoved   Loss = "moved"
)

// TakenBack begins the reason of a machine that AWS takes back.
const TakenBack = "AWS takes this spot machine back"

// Lost is why who holds a machine loses it, as it goes on to a state for a reason.
func (m Machine) Lost(to MachineState, reason string) Loss {
	switch {
	case strings.HasPrefix(reason, TakenBack):
		return LossTaken
	case to == Rebooting:
		return LossRestart
	case to == Unhealthy, m.Health == api.Unhealthy:
		return LossFailed
	case to == Ready, m.Leaving != "":
		return LossMoved
	}
	return LossEnded
}

// LostBy is why its participant lost the machine that they had before; "" where they lost
// none.
func (s Seat) LostBy() Loss {
	switch s.Lost {
	case LossFailed, LossTaken, LossRestart, LossEnded, LossMoved:
		return s.Lost
	case "":
		if s.Note == "" {
			return ""
		}
	}
	return LossEnded // kept by a release that did not say it, or says what is not known here
}
