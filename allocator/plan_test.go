package allocator_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// hasMachines are machines of a workshop, one in each of some states.
func hasMachines(states ...allocator.MachineState) []allocator.Machine {
	out := make([]allocator.Machine, len(states))
	for i, s := range states {
		out[i] = allocator.Machine{ID: fmt.Sprintf("mch_%d", i), WorkshopID: "wks_1", Pool: "gpu", State: s, Reason: "r", CreatedAt: noon.Add(time.Duration(i) * time.Second)}
	}
	return out
}

// told is a plan in short.
func told(steps []allocator.Step) (out []string) {
	for _, s := range steps {
		switch {
		case s.EndWorkshop:
			out = append(out, "end "+s.Workshop.ID)
		case s.Tell && s.Why != "":
			out = append(out, "tell that the pool is full")
		case s.Tell:
			out = append(out, "tell that there is room")
		case s.EndMachine != nil:
			out = append(out, "end "+s.EndMachine.ID)
		default:
			out = append(out, fmt.Sprintf("launch %d for %s", s.Launch, s.Workshop.ID))
		}
	}
	return out
}

func TestAPlanClosesTheDifference(t *testing.T) {
	const (
		requested, booting, ready, assigned = allocator.Requested, allocator.Booting, allocator.Ready, allocator.Assigned
		unhealthy, terminating              = allocator.Unhealthy, allocator.Terminating
	)
	plain := allocator.Workshop{ID: "wks_1", Pool: "gpu", Seats: 3, Warm: 3, StartsAt: noon, WarmUp: 20 * time.Minute}
	with := func(change func(*allocator.Workshop)) allocator.Workshop {
		w := plain
		change(&w)
		return w
	}
	sick := hasMachines(assigned, ready, booting)
	sick[0].Health, sick[0].HealthReason = api.Unhealthy, "XID 79"
	fresh := func(has []allocator.Machine) []allocator.Machine { // they have just become what they are
		for i := range has {
			has[i].ChangedAt = noon.Add(-9 * time.Minute)
		}
		return has
	}
	alone := hasMachines(assigned, booting, booting)
	alone[0].Health = api.Unhealthy
	for name, c := range map[string]struct {
		workshop allocator.Workshop
		has      []allocator.Machine
		people   int
		after    time.Duration // of noon
		want     []string
	}{
		"nothing before it warms up":                  {workshop: plain, after: -21 * time.Minute},
		"all of it as it warms up":                    {workshop: plain, after: -20 * time.Minute, want: []string{"launch 3 for wks_1"}},
		"what is missing":                             {workshop: plain, has: hasMachines(requested, booting), want: []string{"launch 1 for wks_1"}},
		"nothing when all is there":                   {workshop: plain, has: hasMachines(assigned, ready, booting)},
		"one that ends is missing":                    {workshop: plain, has: hasMachines(assigned, ready, terminating), want: []string{"launch 1 for wks_1"}},
		"one that failed is replaced":                 {workshop: plain, has: hasMachines(assigned, ready, unhealthy), want: []string{"end mch_2", "launch 1 for wks_1"}},
		"who holds a sick one gets one that is ready": {workshop: plain, has: sick, want: []string{"end mch_0", "launch 1 for wks_1"}},
		"who holds a sick one keeps it till then":     {workshop: plain, has: alone, want: []string{"launch 1 for wks_1"}},
		"the end":                      {workshop: with(func(w *allocator.Workshop) { w.EndsAt = noon }), has: hasMachines(ready), want: []string{"end wks_1"}},
		"not yet the end":              {workshop: with(func(w *allocator.Workshop) { w.EndsAt = noon.Add(1) }), has: hasMachines(ready, ready, ready)},
		"spares":                       {workshop: with(func(w *allocator.Workshop) { w.Spares = 2 }), has: hasMachines(assigned, assigned, assigned, ready), want: []string{"launch 1 for wks_1"}},
		"few are warm":                 {workshop: with(func(w *allocator.Workshop) { w.Warm = 1 }), want: []string{"launch 1 for wks_1"}},
		"more come with the people":    {workshop: with(func(w *allocator.Workshop) { w.Warm = 1 }), has: hasMachines(assigned), people: 2, want: []string{"launch 1 for wks_1"}},
		"no more than there are seats": {workshop: with(func(w *allocator.Workshop) { w.Warm = 1 }), has: hasMachines(assigned, assigned, assigned), people: 9},
		"what is too much goes, but not from anybody": {workshop: with(func(w *allocator.Workshop) { w.Seats, w.Warm = 1, 1 }), has: hasMachines(assigned, ready, ready, booting), want: []string{"end mch_3", "end mch_2", "end mch_1"}},
		"what may be needed again is kept a while":    {workshop: with(func(w *allocator.Workshop) { w.Warm = 1 }), has: fresh(hasMachines(assigned, ready, booting)), people: 1},
		"and goes then":                                  {workshop: with(func(w *allocator.Workshop) { w.Warm = 1 }), has: fresh(hasMachines(assigned, ready, booting)), people: 1, after: time.Minute, want: []string{"end mch_2", "end mch_1"}},
		"what no seat can need goes at once":             {workshop: with(func(w *allocator.Workshop) { w.Seats, w.Warm = 2, 1 }), has: fresh(hasMachines(assigned, ready, ready)), people: 1, want: []string{"end mch_2"}},
		"nothing is launched so late":                    {workshop: with(func(w *allocator.Workshop) { w.EndsAt = noon.Add(3 * time.Minute) })},
		"but before that":                                {workshop: with(func(w *allocator.Workshop) { w.EndsAt = noon.Add(4 * time.Minute) }), want: []string{"launch 3 for wks_1"}},
		"a pause after a refusal":                        {workshop: with(func(w *allocator.Workshop) { w.LaunchAfter = noon.Add(1) })},
		"a pause that was begun while the plan was made": {workshop: with(func(w *allocator.Workshop) { w.LaunchAfter = noon.Add(15*time.Minute + time.Second) })},
		"a pause by a clock that was ahead":              {workshop: with(func(w *allocator.Workshop) { w.LaunchAfter = noon.Add(17*time.Minute + time.Second) }), want: []string{"launch 3 for wks_1"}},
		"no more than the pool may hold":                 {workshop: with(func(w *allocator.Workshop) { w.Seats, w.Warm = 30, 30 }), want: []string{"launch 10 for wks_1", "tell that the pool is full"}},
		"room again":                                     {workshop: with(func(w *allocator.Workshop) { w.Trouble = "The pool is full: …" }), has: hasMachines(assigned, ready), want: []string{"launch 1 for wks_1", "tell that there is room"}},
		"other troubles are not for it":                  {workshop: with(func(w *allocator.Workshop) { w.Trouble = "no quota" }), has: hasMachines(assigned, ready, ready)},
	} {
		s := allocator.Situation{
			Now: noon.Add(c.after), Workshops: []allocator.Workshop{c.workshop}, Machines: c.has,
			Seats: map[string]int{"wks_1": c.people}, Pools: []allocator.Pool{{Name: "gpu", MaxMachines: 10}},
		}
		require.Equal(t, c.want, told(allocator.Plan(s)), name)
	}
}

// sickSince are machines that people hold, all of them unhealthy for a while.
func sickSince(since time.Duration, n int) []allocator.Machine {
	has := hasMachines(slices.Repeat([]allocator.MachineState{allocator.Assigned}, n)...)
	for i := range has {
		has[i].Health, has[i].HealthSince = api.Unhealthy, noon.Add(-since)
	}
	return has
}

func TestASickMachineInAFullPoolIsReplacedAfterAWhile(t *testing.T) {
	w := allocator.Workshop{ID: "wks_1", Pool: "gpu", Seats: 2, Warm: 2, Trouble: "The pool is full: …"}
	s := allocator.Situation{
		Now: noon, Workshops: []allocator.Workshop{w}, Seats: map[string]int{w.ID: 2},
		Pools: []allocator.Pool{{Name: "gpu", MaxMachines: 2}}, Machines: sickSince(9*time.Minute, 2),
	}
	require.Equal(t, []string{"tell that the pool is full"}, told(allocator.Plan(s)), "it may become well again")
	s.Machines = sickSince(10*time.Minute, 2)
	require.Equal(t, []string{"end mch_0", "end mch_1", "tell that there is room"}, told(allocator.Plan(s)))
	s.ClockTrouble = "it jumped"
	require.Equal(t, []string{"tell that the pool is full"}, told(allocator.Plan(s)))
	s.ClockTrouble, s.Pools[0].MaxMachines = "", 4
	require.Equal(t, []string{"launch 2 for wks_1", "tell that there is room"}, told(allocator.Plan(s)), "where there is room they are kept until another one is ready")
}

// They cost nothing, and what their holders made is to be collected.
func TestPeoplesOwnMachinesGoAlsoWhereTheBudgetIsUsedUp(t *testing.T) {
	w := allocator.Workshop{ID: "wks_1", Pool: "gpu", Seats: 2, Warm: 2, Trouble: "no quota", LaunchFailures: 1}
	has := hasMachines(allocator.Ready, allocator.Unhealthy)
	has[0].Pool, has[0].JoinToken, has[0].Leaving = allocator.OwnMachines, "jtk_1", "ann takes it home"
	s := allocator.Situation{Now: noon, Workshops: []allocator.Workshop{w}, Machines: has, HardCap: true, Capped: map[string]string{w.ID: "no quota"}, Pools: []allocator.Pool{{Name: "gpu", MaxMachines: 2}}}
	require.Equal(t, []string{"end mch_0", "end mch_1"}, told(allocator.Plan(s)))
}

func TestSparesTakeNoRoomThatSeatsNeed(t *testing.T) {
	first := allocator.Workshop{ID: "wks_1", Pool: "gpu", Seats: 1, Warm: 1, Spares: 3}
	second := allocator.Workshop{ID: "wks_2", Pool: "gpu", Seats: 2, Warm: 2}
	s := allocator.Situation{Now: noon, Workshops: []allocator.Workshop{first, second}, Pools: []allocator.Pool{{Name: "gpu", MaxMachines: 4}}}
	require.Equal(t, []string{"launch 2 for wks_1", "tell that the pool is full", "launch 2 for wks_2"}, told(allocator.Plan(s)), "one spare, and the seats of both")

	s.Machines = hasMachines(allocator.Assigned, allocator.Ready, allocator.Ready, allocator.Booting)
	require.Equal(t, []string{"end mch_3", "end mch_2"}, told(allocator.Plan(s)), "spares make room")
	s.Machines[3].State, s.Machines[2].State = allocator.Terminating, allocator.Terminating
	require.Empty(t, told(allocator.Plan(s)), "which is waited for, and no spare is launched meanwhile")
	s.Machines = s.Machines[:2]
	require.Equal(t, []string{"tell that the pool is full", "launch 2 for wks_2"}, told(allocator.Plan(s)))
	s.Workshops[1].LaunchAfter = noon.Add(time.Minute)
	require.Empty(t, told(allocator.Plan(s)), "room for seats is kept through a pause")
}

func TestWorkshopsShareAPoolInTheOrderOfTheirStarts(t *testing.T) {
	s := allocator.Situation{
		Now: noon, Pools: []allocator.Pool{{Name: "gpu", MaxMachines: 5}},
		Workshops: []allocator.Workshop{{ID: "wks_1", Pool: "gpu", Seats: 3, Warm: 3}, {ID: "wks_2", Pool: "gpu", Seats: 3, Warm: 3}, {ID: "wks_3", Pool: "gone", Seats: 1, Warm: 1}},
	}
	require.Equal(t, []string{"launch 3 for wks_1", "launch 2 for wks_2", "tell that the pool is full", "tell that the pool is full"}, told(allocator.Plan(s)))
}

// However a situation is: no more is launched than is wanted and may be, nobody's
// machine ends while they have no other, and after the plan there is nothing to plan.
func TestAPlanIsDoneInOneStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := allocator.Workshop{ID: "wks_1", Pool: "gpu", Seats: rapid.IntRange(1, 6).Draw(t, "seats"), Spares: rapid.IntRange(0, 2).Draw(t, "spares")}
		w.Warm = rapid.IntRange(0, w.Seats).Draw(t, "warm")
		states := []allocator.MachineState{allocator.Requested, allocator.Launching, allocator.Booting, allocator.Ready, allocator.Assigned, allocator.Unhealthy, allocator.Terminating}
		s := allocator.Situation{
			Now: noon, Workshops: []allocator.Workshop{w}, Pools: []allocator.Pool{{Name: "gpu", MaxMachines: rapid.IntRange(1, 10).Draw(t, "pool")}},
			Machines: hasMachines(rapid.SliceOfN(rapid.SampledFrom(states), 0, 10).Draw(t, "has")...),
		}
		held := 0
		for i, m := range s.Machines {
			if m.State == allocator.Assigned {
				held++
				s.Machines[i].Health = rapid.SampledFrom([]api.Health{api.Healthy, api.Unhealthy}).Draw(t, "health")
				s.Machines[i].HealthSince = noon.Add(-time.Duration(rapid.IntRange(0, 20).Draw(t, "sick for")) * time.Minute)
			}
		}
		s.Seats = map[string]int{w.ID: held + rapid.IntRange(0, 3).Draw(t, "waiting")}
		ready := 0
		for _, m := range s.Machines {
			if m.State == allocator.Ready {
				ready++
			}
		}
		for _, step := range allocator.Plan(s) {
			require.False(t, step.EndWorkshop)
			for i := range s.Machines {
				if step.EndMachine == nil || s.Machines[i].ID != step.EndMachine.ID {
					continue
				}
				switch s.Machines[i].State {
				case allocator.Assigned:
					require.Equal(t, api.Unhealthy, s.Machines[i].Health, "a machine that is well is taken from somebody")
					if ready == 0 { // nothing else is to be had
						require.GreaterOrEqual(t, noon.Sub(s.Machines[i].HealthSince), 10*time.Minute, "somebody is left without a machine")
						require.GreaterOrEqual(t, len(s.Machines), s.Pools[0].MaxMachines)
						break
					}
					ready--
				case allocator.Ready:
					ready--
				default:
				}
				s.Machines[i].State = allocator.Terminating
			}
			for range step.Launch {
				s.Machines = append(s.Machines, allocator.Machine{ID: fmt.Sprint("new", len(s.Machines)), WorkshopID: w.ID, Pool: "gpu", State: allocator.Requested})
			}
		}
		require.LessOrEqual(t, len(s.Machines), max(s.Pools[0].MaxMachines, 10))
		for _, step := range allocator.Plan(s) {
			if step.Tell {
				continue // what was told is not in this situation
			}
			require.NotNil(t, step.EndMachine, "%v", told([]allocator.Step{step}))
			require.Equal(t, allocator.Assigned, step.EndMachine.State, "only who holds a sick machine waits for the next look")
		}
	})
}

func TestNoRoomIsKeptForWhatIsNotLaunched(t *testing.T) {
	w := func(id string) allocator.Workshop {
		return allocator.Workshop{ID: id, Pool: "gpu", Seats: 1, Warm: 1, Spares: 1}
	}
	s := allocator.Situation{Now: noon, Workshops: []allocator.Workshop{w("wks_1"), w("wks_2")}, Pools: []allocator.Pool{{Name: "gpu", MaxMachines: 2}}}
	s.Capped = map[string]string{"wks_2": "The budget is used up: …"}
	require.Equal(t, []string{"launch 2 for wks_1", "tell that the pool is full"}, told(allocator.Plan(s)))
	s.Capped, s.Workshops[1].EndsAt = nil, noon.Add(time.Minute)
	require.Equal(t, []string{"launch 2 for wks_1"}, told(allocator.Plan(s)))
}

// As where machines became ready while the clock had jumped.
func TestAWorkshopGetsMachinesHoweverLongOthersSeemToHaveTaken(t *testing.T) {
	s := allocator.Situation{
		Now: noon, Pools: []allocator.Pool{{Name: "gpu", MaxMachines: 9}}, Boots: map[string]time.Duration{"gpu": 3 * time.Hour},
		Workshops: []allocator.Workshop{{ID: "wks_1", Pool: "gpu", Seats: 1, Warm: 1, EndsAt: noon.Add(2 * time.Hour)}},
	}
	require.Equal(t, []string{"launch 1 for wks_1"}, told(allocator.Plan(s)))
	s.Boots["gpu"] = 10 * time.Minute
	s.Workshops[0].EndsAt = noon.Add(10 * time.Minute)
	require.Empty(t, allocator.Plan(s), "it ends before a machine is ready")
}

func TestASickMachineThatIsTooManyIsKeptWhileTheClockCannotBeTrusted(t *testing.T) {
	w := allocator.Workshop{ID: "wks_1", Pool: "gpu", Seats: 1, Warm: 1, StartsAt: noon.Add(time.Hour)}
	s := allocator.Situation{
		Now: noon, Workshops: []allocator.Workshop{w}, Pools: []allocator.Pool{{Name: "gpu", MaxMachines: 2}}, Machines: hasMachines(allocator.Unhealthy),
	}
	s.Machines[0].Action, s.Machines[0].InstanceID = api.Reboot, "i-1"
	require.Equal(t, []string{"end mch_0"}, told(allocator.Plan(s)))
	s.ClockTrouble = "it jumped"
	steps := allocator.Plan(s)
	require.Len(t, steps, 1)
	require.NotNil(t, steps[0].Reboot)
}

func TestASickMachineIsNotTakenWhileAnotherOneComes(t *testing.T) {
	w := allocator.Workshop{ID: "wks_1", Pool: "gpu", Seats: 2}
	s := allocator.Situation{
		Now: noon, Workshops: []allocator.Workshop{w}, Seats: map[string]int{w.ID: 2},
		Pools: []allocator.Pool{{Name: "gpu", MaxMachines: 2}}, Machines: sickSince(20*time.Minute, 1),
	}
	require.Equal(t, []string{"launch 1 for wks_1", "tell that the pool is full"}, told(allocator.Plan(s)))
	s.Machines = append(s.Machines, hasMachines(allocator.Assigned, allocator.Booting)[1])
	require.Equal(t, []string{"tell that the pool is full"}, told(allocator.Plan(s)))
	s.Machines[1].State = allocator.Ready
	require.Equal(t, []string{"end mch_0"}, told(allocator.Plan(s)), "then it is theirs, and makes room")
}
