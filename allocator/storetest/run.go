package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Open opens an empty store and closes it when the test ends.
type Open func(t testing.TB) allocator.Store

// Run runs the whole suite.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, *world){
		"a workshop is opened with its machines and their launch":   workshopIsOpened,
		"a pool holds no more machines than it may":                 poolIsBounded,
		"machines are added once for what was planned":              machinesAreAddedOnce,
		"a workshop is changed while it is open":                    workshopIsChanged,
		"who is not invited does not join":                          rosterIsHeld,
		"who comes when no machine is free waits in order":          queueIsInOrder,
		"who loses a machine comes before those who wait":           lostMachineComesFirst,
		"a machine is not ended that was given away meanwhile":      machineIsEndedAsItWasSeen,
		"machines that end together are as they were seen":          machinesAreEndedTogether,
		"nobody gets a machine before the workshop begins":          startIsWaitedFor,
		"no more seats are given than there are":                    spareIsNoSeat,
		"a seat ends and is extended unless others wait":            seatEnds,
		"a seat ends with its workshop":                             seatEndsWithItsWorkshop,
		"workshops are listed newest first, page by page":           workshopsArePaged,
		"a machine moves along the table only":                      machineMovesAlongTheTable,
		"a machine is not given up while it may be launched":        launchingIsNotGivenUp,
		"an attempt is the same until it is ended":                  attemptIsStable,
		"what was launched is given to machines once":               launchedIsBoundOnce,
		"an instance of a workshop that ended is not lost":          lateInstanceIsBound,
		"a launch ends when each machine is ready or gone":          launchEnds,
		"ending a workshop ends its seats and machines":             workshopEnds,
		"a proof counts once":                                       proofCountsOnce,
		"an instance gets one agent":                                instanceGetsOneAgent,
		"an agent is replaced once after a restore":                 agentIsReplacedAfterARestore,
		"health moves a machine that nobody holds":                  healthMoves,
		"a seat is one participant's, on one machine":               seatIsHeldOnce,
		"the same participant comes back by token or PIN":           participantComesBack,
		"a PIN cannot be guessed":                                   pinCannotBeGuessed,
		"a browser holds one seat of a workshop":                    browserHoldsOneSeatOfAWorkshop,
		"a seat that is left makes its machine ready again":         seatIsLeft,
		"seats are kept after they were released":                   seatHistoryIsKept,
		"a hundred claims at once never double":                     claimsRace,
		"who holds a machine is told as it changes":                 holdsAreTold,
		"it is kept that an agent was heard of":                     heardIsKept,
		"who says so is there, though clocks differ":                whoSaysSoStays,
		"it is kept that an agent is silent":                        silenceIsKept,
		"it is kept why a machine has not ended":                    unendedIsKept,
		"what an agent says of itself is kept":                      saysIsKept,
		"how a machine is set up is kept":                           setupIsKept,
		"a machine that was unhealthy is set up anew":               setUpAnew,
		"what a session was used for is kept":                       useIsKept,
		"who holds a machine is given notice once":                  noticeIsGivenOnce,
		"a machine's number rises though a clock goes back":         numberRises,
		"who is known to be idle for too long is due":               idleSeatsEnd,
		"a machine reboots until its agent speaks of another boot":  machineReboots,
		"work is collected before a machine goes on":                workIsCollected,
		"work is collected while people go on":                      workIsCollectedMeanwhile,
		"a workshop that collects ends after that":                  collectingWorkshopEnds,
		"a participant is told what staff says":                     messageIsKept,
		"who is told of small pictures is told when they come":      previewsAreTold,
		"a seat is moved to another machine":                        seatIsMoved,
		"nobody gets a machine that is to go":                       machineLeaves,
		"random histories keep the invariants":                      randomHistories,
		"a census counts what there is":                             censusCounts,
		"machines are found by what is asked for":                   machinesAreFound,
		"operations are found by their outcome":                     operationsAreFound,
		"the audit is read by what, and when":                       auditIsFiltered,
		"there is one first user":                                   firstUserIsOne,
		"another password ends what the one before let in":          passwordEndsWhatItLetIn,
		"a lesser role ends what the one before let in":             roleEndsWhatItLetIn,
		"the last admin stays":                                      lastAdminStays,
		"tokens are kept by their sums":                             tokensAreKept,
		"the audit is read page by page":                            auditIsPaged,
		"a tunnel is its holder's until it goes":                    tunnelIsItsHolders,
		"a tunnel that is gone takes no other one with it":          tunnelGoesAlone,
		"an allocator that is gone loses its tunnels":               peerLosesItsTunnels,
		"allocators that serve are counted":                         servingIsCounted,
		"random histories of tunnels keep what is so":               randomTunnels,
		"one host at a time has the turn to switch":                 turnIsTakenByOne,
		"random histories of turns keep to one":                     randomTurns,
		"a machine's log is kept once, and the newest of it":        logIsBounded,
		"a browser names the seat that it means":                    seatIsNamed,
		"a schedule says why its workshop cannot be opened":         scheduleTellsItsTrouble,
		"it is told how long machines were there":                   spellsAreTold,
		"a workshop that may cost nothing gives nothing that does":  withheldIsNotGiven,
		"a machine of one's own joins by a token":                   machineJoins,
		"a join token ends":                                         joinTokenEnds,
		"a launch is cancelled":                                     launchIsCancelled,
		"a request that is sent again is answered once":             requestIsAnsweredOnce,
		"what was refused is told to all, the newest of each place": refusalsAreKept,
	} {
		t.Run(name, func(t *testing.T) { test(t, newWorld(t, open(t))) })
	}
}

// world is a store with a clock and a few machines.
type world struct {
	allocator.Store
	now time.Time
	seq int

	collect []string                     // what workshops collect that are opened
	seen    map[string]allocator.Machine // machines as they were when their numbers were looked at
	changes Changes
}

func newWorld(_ testing.TB, s allocator.Store) *world {
	return &world{Store: s, now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
}

func (w *world) tick() time.Time {
	w.now = w.now.Add(time.Second)
	return w.now
}

func (w *world) id(prefix string) string {
	w.seq++
	return fmt.Sprintf("%s_%04d", prefix, w.seq)
}

// open opens a workshop with n machines, and starts their launch.
func (w *world) open(t require.TestingT, n int) (allocator.Workshop, allocator.Operation) {
	at := w.tick()
	ws := w.plain(t, n)
	op := allocator.Operation{ID: w.id("op"), Kind: allocator.Launch, WorkshopID: ws.ID, State: allocator.Queued, By: "admin", CreatedAt: at}
	machines := make([]allocator.Machine, n)
	for i := range machines {
		machines[i] = allocator.Machine{ID: w.id("mch"), WorkshopID: ws.ID, Pool: "gpu", State: allocator.Requested, Reason: "asked for", CreatedAt: at, ChangedAt: at}
	}
	require.NoError(t, w.AddMachines(context.Background(), machines, op, 0, 1000))
	return ws, op
}

// plain opens a workshop that has no machines yet.
func (w *world) plain(t require.TestingT, seats int) allocator.Workshop {
	ws := allocator.Workshop{
		ID: w.id("wks"), Name: "Pose", Pool: "gpu", Seats: seats, Warm: seats, JoinCode: w.id("code"), State: allocator.Open,
		StartsAt: w.now, WarmUp: 20 * time.Minute, CreatedAt: w.now, Collect: w.collect,
	}
	require.NoError(t, w.OpenWorkshop(context.Background(), ws, nil))
	return ws
}

// launch gives each machine of an operation an instance.
func (w *world) launch(t require.TestingT, op allocator.Operation) {
	ctx := context.Background()
	a, ok, err := w.BeginAttempt(ctx, op.ID, w.tick())
	require.NoError(t, err)
	require.True(t, ok, "there is something to launch")
	require.NoError(t, w.EndAttempt(ctx, a, w.instances(a.Count), w.tick()))
}

func (w *world) instances(n int) []allocator.Instance {
	out := make([]allocator.Instance, n)
	for i := range out {
		out[i] = allocator.Instance{ID: w.id("i"), Type: "g5.xlarge", Zone: "us-west-2a", State: allocator.InstancePending}
	}
	return out
}

// ready opens a workshop whose machines are all ready.
func (w *world) ready(t require.TestingT, n int) (allocator.Workshop, []allocator.Machine) {
	ws, op := w.open(t, n)
	w.launch(t, op)
	for _, m := range w.machines(t, ws.ID) {
		w.register(t, m)
		require.NoError(t, w.SetHealth(context.Background(), m.ID, api.Healthy, "", w.tick()))
	}
	return ws, w.machines(t, ws.ID)
}

func (w *world) register(t require.TestingT, m allocator.Machine) allocator.Agent {
	a := allocator.Agent{ID: w.id("agt"), MachineID: m.ID, Secret: allocator.SecretSum(m.ID)}
	_, err := w.RegisterAgent(context.Background(), m.InstanceID, a, api.Inventory{Driver: "550", GPUs: []api.GPU{{UUID: "GPU-1", Model: "A10G", Memory: 24 << 30}}}, w.tick())
	require.NoError(t, err)
	return a
}

func (w *world) machines(t require.TestingT, workshop string) []allocator.Machine {
	all, err := w.Machines(context.Background(), workshop, true)
	require.NoError(t, err)
	return all
}

// move moves a machine from the state that it is in.
func (w *world) move(t require.TestingT, machine string, to allocator.MachineState, reason string, at time.Time) error {
	m, err := w.Machine(context.Background(), machine)
	require.NoError(t, err)
	return w.Move(context.Background(), machine, m.State, to, reason, at)
}

// claim asks for a seat from a browser of its own.
func (w *world) claim(workshop, email string) (allocator.Seat, error) {
	s, err := w.Claim(context.Background(), w.request(workshop, email, w.id("token")))
	return s, err
}

func (w *world) request(workshop, email, token string) allocator.ClaimRequest {
	return allocator.ClaimRequest{
		WorkshopID: workshop, Email: email, Token: allocator.SecretSum(token), NewSeat: w.id("sea"),
		NewPIN: allocator.SecretSum("pin of " + email), At: w.tick(),
	}
}

func requireCode(t require.TestingT, code api.Code, err error) {
	require.Error(t, err)
	require.Equal(t, code, api.CodeOf(err), "%v", err)
}
