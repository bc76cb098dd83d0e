package allocator

import (
	"cmp"
	"context"
	"slices"

	"github.com/talmolab/lablink-infrastructure/api"
)

// UsedSeat is a session that somebody had.
type UsedSeat struct {
	Seat, Email string
	Use         api.SessionUse
}

// Stats are what the participants of a workshop did on its machines. NotFound.
func (s *Service) Stats(ctx context.Context, workshop string) (api.Stats, error) {
	w, err := s.Store.Workshop(ctx, workshop)
	if err != nil {
		return api.Stats{}, err
	}
	sessions, err := s.Store.Uses(ctx, workshop)
	if err != nil {
		return api.Stats{}, err
	}
	out := api.Stats{Workshop: w.ID, Name: w.Name, At: s.Now(), Seats: SeatUses(sessions)}
	out.People = len(out.Seats)
	if p, ok := s.Pool(w.Pool); ok {
		out.Software = p.Setup.Software
	}
	var seconds, software, active, gpu []int
	for _, seat := range out.Seats {
		longest := 0
		for _, one := range seat.Software {
			longest = max(longest, one.Seconds)
		}
		if sum := activeIn(seat.Software); sum != nil {
			active = append(active, *sum)
		}
		if longest > 0 {
			out.Used++
		}
		seconds, software = append(seconds, seat.Seconds), append(software, longest)
		if seat.GPUActive != nil {
			gpu = append(gpu, *seat.GPUActive)
		}
	}
	out.MedianSeconds, out.MedianSoftware = middle(seconds), middle(software)
	if len(active) > 0 {
		out.MedianActive = new(middle(active))
	}
	if len(gpu) > 0 {
		out.MedianGPU = new(middle(gpu))
	}
	return out, nil
}

// activeIn is how long the active window was of any of them; nil where none tells it. There
// is one at a time.
func activeIn(software []api.SoftwareUse) (sum *int) {
	for _, one := range software {
		sum = added(sum, one.Active)
	}
	return sum
}

// added is a sum of what is known; nil where nothing is.
func added(a, b *int) *int {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	return new(*a + *b)
}

// middle is the middle one, or the lower of two; 0 of none.
func middle(all []int) int {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[(len(all)-1)/2]
}

// SeatUses adds up sessions by the seats that they were of. Those of a seat follow each other.
func SeatUses(sessions []UsedSeat) []api.SeatUse {
	out := []api.SeatUse{}
	for _, s := range sessions {
		if len(out) == 0 || out[len(out)-1].Seat != s.Seat {
			out = append(out, api.SeatUse{Seat: s.Seat, Email: s.Email, Software: []api.SoftwareUse{}})
		}
		addUse(&out[len(out)-1], s.Use)
	}
	return out
}

// addUse adds a session that came after the others.
func addUse(to *api.SeatUse, use api.SessionUse) {
	for _, one := range use.Software {
		i := slices.IndexFunc(to.Software, func(s api.SoftwareUse) bool { return s.Name == one.Name })
		if i < 0 {
			one.First += to.Seconds
			to.Software = append(to.Software, one)
			continue
		}
		to.Software[i].Seconds += one.Seconds
		to.Software[i].Active = added(to.Software[i].Active, one.Active)
	}
	to.Sessions++
	to.Seconds += use.Seconds
	to.GPUActive = added(to.GPUActive, use.GPUActive)
	higher(&to.GPUPeak, use.GPUPeak)
	higher(&to.GPUMemory, use.GPUMemory)
	higher(&to.MemoryPeak, use.MemoryPeak)
	higher(&to.LoadPeak, use.LoadPeak)
}

func higher[T cmp.Ordered](kept **T, value *T) {
	if value != nil && (*kept == nil || *value > **kept) {
		*kept = value
	}
}
