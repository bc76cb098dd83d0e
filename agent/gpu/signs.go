package gpu

import "github.com/talmolab/lablink-infrastructure/api"

// Link is a PCIe link: its generation, and how many lanes it has.
type Link struct {
	Generation uint32 `json:"generation"`
	Width      uint32 `json:"width"`
}

// busy is from which utilisation on a GPU, in percent, drives its link at full speed.
const busy = 30

// findSigns adds what is wrong with one GPU, whose name is for people.
func (g *GPUs) findSigns(who string, r api.Reading, was signs, s *sight) {
	find := func(wrong bool, what symptom, format string, args ...any) {
		if wrong {
			s.find(what, r.UUID, "%s"+format, append([]any{who}, args...)...)
		}
	}
	slowed, recovery := or(was.slowed), or(was.recovery)
	find(slowed.Thermal, thermal, "")
	find(slowed.PowerBrake, powerBrake, "")
	find(or(was.remapping).Failed, remapFailed, "")
	find(or(was.remapping).Pending, remapPending, "")
	find(or(was.pages), pagesPending, "")
	find(recovery == RecoverReboot, recoveryReboot, "")
	find(recovery == RecoverReset, recoveryReset, "")
	find(recovery == RecoverDrain, recoveryDrain, "")
	if was.slowsAt != nil && r.Temperature != nil {
		find(*was.slowsAt > 0 && *r.Temperature >= *was.slowsAt, hot, " at %d °C or more", *was.slowsAt)
	}
	if was.link != nil {
		best := g.bestLink(r.UUID, *was.link)
		find(was.link.Width < best.Width, linkNarrow, ", %d of %d", was.link.Width, best.Width)
		works := or(r.Utilisation) >= busy
		find(works && was.link.Generation < best.Generation, linkSlow, ", generation %d of %d", was.link.Generation, best.Generation)
	}
}

// bestLink is the best link that a GPU was seen with. It is what links are compared
// with, not what they could be: EC2 gives some GPUs half of the lanes that they have.
func (g *GPUs) bestLink(uuid string, now Link) Link {
	before := g.best[uuid]
	best := Link{max(before.Generation, now.Generation), max(before.Width, now.Width)}
	if best != before {
		g.best[uuid], g.changed = best, true
	}
	return best
}
