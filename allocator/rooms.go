package allocator

import "maps"

// rooms is how much room each pool has, and what workshops lack of it.
type rooms struct {
	of   map[string][]Machine // by workshop
	gaps []*gap
	// By pool: how many more machines it may have, and how many that it has are leaving.
	room, leaving map[string]int
}

func newRooms(s Situation) *rooms {
	r := &rooms{of: map[string][]Machine{}, room: map[string]int{}, leaving: map[string]int{}}
	for _, p := range s.Pools {
		r.room[p.Name] = p.MaxMachines
	}
	for _, m := range s.Machines {
		r.of[m.WorkshopID] = append(r.of[m.WorkshopID], m)
		r.room[m.Pool]--
		if m.State == Terminating || m.State == Draining && m.Leaving != "" {
			r.leaving[m.Pool]++
		}
	}
	return r
}

func (r *rooms) add(g *gap) {
	r.gaps = append(r.gaps, g)
	r.leaving[g.Pool] += len(g.surplus) + len(g.costly)
	for _, m := range g.failed {
		if !m.Own() { // it takes no room
			r.leaving[g.Pool]++
		}
	}
}

// launchSeats launches what seats need, first for the workshop that begins first.
func (r *rooms) launchSeats() {
	for _, g := range r.gaps {
		if g.waits {
			continue
		}
		g.launch = max(0, min(g.seats, r.room[g.Pool], maxLaunch))
		r.room[g.Pool] -= g.launch
	}
}

// yieldSpares ends spares, and after a while sick machines that somebody holds, where
// the seats of a workshop find no room without them.
func (r *rooms) yieldSpares() {
	coming := maps.Clone(r.leaving)
	for _, g := range r.gaps {
		if g.waits || r.room[g.Pool] > 0 {
			continue
		}
		lacks := min(g.seats, maxLaunch) - g.launch
		served := min(lacks, coming[g.Pool])
		coming[g.Pool] -= served
		lacks -= served
		for _, other := range r.gaps {
			for lacks > 0 && other.Pool == g.Pool && len(other.spare) > 0 {
				other.yielded, other.spare = append(other.yielded, other.spare[0]), other.spare[1:]
				r.leaving[g.Pool]++
				lacks--
			}
		}
		for lacks > 0 && len(g.sick) > g.coming+g.launch { // the others keep theirs until those are ready
			g.failed, g.sick = append(g.failed, g.sick[0]), g.sick[1:]
			r.leaving[g.Pool]++
			lacks--
		}
	}
}

// launchSpares launches spares where no seat needs the room.
func (r *rooms) launchSpares() {
	kept := map[string]int{} // for seats that are launched later
	for _, g := range r.gaps {
		if !g.late && g.capped == "" {
			kept[g.Pool] += g.seats - g.launch
		}
	}
	for _, g := range r.gaps {
		if g.waits {
			continue
		}
		more := max(0, min(g.spares, r.room[g.Pool]-kept[g.Pool], maxLaunch-g.launch))
		g.launch += more
		r.room[g.Pool] -= more
	}
}
