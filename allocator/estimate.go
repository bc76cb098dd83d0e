package allocator

import (
	"context"
	"slices"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Waiting is what can be told to who waits for a machine.
type Waiting struct {
	// ExpectedAt is when one should be there, or zero when nobody can tell: a machine that
	// is late is not expected at any time, nor one that may cost nothing.
	ExpectedAt time.Time
	// BeginsAt is when the workshop begins; zero once it has.
	BeginsAt time.Time
	// Coming is how far the machine is that should be theirs; nil where none starts.
	Coming *api.Coming
	// Full says that all seats are taken, and that none of who waits gets a machine before
	// one is given back.
	Full bool
	// Why is why none is to be expected, for the participant; "" where one may be.
	Why string
}

// Waiting is what can be told of a seat that waits.
func (s *Service) Waiting(ctx context.Context, seat Seat) (Waiting, error) {
	if seat.Withheld {
		return Waiting{}, nil
	}
	now := s.Now()
	defer s.looking.lock(seat.WorkshopID)() // hundreds may ask at once: one looks
	o, known := s.outlooks.Load(seat.WorkshopID)
	if !known || now.Sub(o.(outlook).at).Abs() >= outlookLife {
		looked, err := s.outlook(ctx, seat.WorkshopID, now)
		if err != nil {
			return Waiting{}, err
		}
		s.outlooks.Store(seat.WorkshopID, looked)
		o = looked
	}
	return o.(outlook).waiting(now, seat.Position), nil
}

// outlookLife is how long an outlook is good.
const outlookLife = 2 * time.Second

// outlook is when machines of a workshop should be free, in order.
type outlook struct {
	at    time.Time
	begin time.Time // of the workshop
	free  []time.Time
	// starting are the machines that are not ready yet, the furthest first, and ready is how
	// many are.
	starting []api.Coming
	ready    int
	// full says that as many people have machines as there are seats.
	full bool
	// dear says that no more machines may be launched, as each costs more than it may.
	dear bool
}

// dearWaits is what those read who wait where machines cost too much.
const dearWaits = "No more machines can be started at the moment: they cost more than they may. You keep your place, and get one that is given back; ask your instructor whether more can be started."

// waiting is what can be told to who has a place in the queue.
func (o outlook) waiting(now time.Time, position int) Waiting {
	w := Waiting{ExpectedAt: o.expected(now, position), Full: o.full}
	if o.begin.After(now) {
		w.BeginsAt = o.begin
	}
	if i := position - 1 - o.ready; i >= 0 && i < len(o.starting) {
		w.Coming = &o.starting[i]
	}
	if o.dear && w.Coming == nil && w.ExpectedAt.IsZero() && w.BeginsAt.IsZero() {
		w.Why = dearWaits
	}
	return w
}

func (s *Service) outlook(ctx context.Context, workshop string, now time.Time) (outlook, error) {
	w, err := s.Store.Workshop(ctx, workshop)
	if err != nil {
		return outlook{}, err
	}
	machines, err := s.Store.Machines(ctx, w.ID, false)
	if err != nil {
		return outlook{}, err
	}
	seats, err := s.Store.Seats(ctx, w.ID)
	if err != nil {
		return outlook{}, err
	}
	took, err := s.Store.BootTimes(ctx, w.Pool, 20)
	starting, ready := coming(machines)
	p, _ := s.Pool(w.Pool)
	return outlook{now, w.StartsAt, freeing(now, w, machines, seats, usual(took)), starting, ready, full(w, seats), s.allTooDear(p)}, err
}

// full reports whether as many people have machines as a workshop has seats.
func full(w Workshop, seats []Seat) bool {
	held := 0
	for _, seat := range seats {
		if seat.State == SeatAssigned {
			held++
		}
	}
	return held >= w.Seats
}

// expected is when the position-th machine should be free.
func (o outlook) expected(now time.Time, position int) time.Time {
	if position < 1 || position > len(o.free) || o.free[position-1].Before(now.Add(-outlookLife)) {
		return time.Time{}
	}
	if o.free[position-1].Before(o.begin) {
		return o.begin
	}
	return o.free[position-1]
}

// freeing is when machines should be free: those that start, in the time that others
// took, as far as there are seats, and those that are given back. Boots are not
// expected where none is known.
func freeing(now time.Time, w Workshop, machines []Machine, seats []Seat, boot time.Duration) []time.Time {
	var free, ending []time.Time
	for _, m := range machines {
		switch m.State {
		case Ready:
			free = append(free, now)
		case Requested, Launching, Booting, Rebooting:
			if boot > 0 {
				free = append(free, m.CreatedAt.Add(boot))
			}
		default: // not to be had
		}
	}
	left := w.Seats
	for _, seat := range seats {
		if seat.State != SeatAssigned {
			continue
		}
		left--
		if !seat.EndsAt.IsZero() {
			ending = append(ending, seat.EndsAt)
		}
	}
	slices.SortFunc(free, time.Time.Compare)
	free = append(free[:min(len(free), max(0, left))], ending...)
	slices.SortFunc(free, time.Time.Compare)
	return free
}

// usual is how long machines take until they are ready, by what the newest took; 0 where
// nothing tells. What took no time, or longer than any machine should, was measured by a
// clock that jumped.
func usual(took []time.Duration) time.Duration {
	return median(slices.DeleteFunc(took, func(d time.Duration) bool { return d <= 0 || d > longestBoot }))
}

func median(of []time.Duration) time.Duration {
	if len(of) == 0 {
		return 0
	}
	slices.Sort(of)
	return of[len(of)/2]
}
