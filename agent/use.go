package agent

import (
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// useName is what the use of sessions is kept under.
	useName = "use"
	// programsEvery is how often it is looked which programs run, and useKept how often
	// what was measured is kept.
	programsEvery = 10 * time.Second
	useKept       = time.Minute
	// longestGap is how long a measurement counts at most: a machine may sleep.
	longestGap = time.Minute
	// resumeLimit is how long after a restart the session of before may go on.
	resumeLimit = 5 * time.Minute
	// maxEnded is how many sessions that have ended are kept for an allocator that is away.
	maxEnded = 16
	// gpuActive is from how much use on a GPU computes, in percent.
	gpuActive = 5
	// busyCPU is from how much of a processor on a program computes: one that is only open
	// uses less.
	busyCPU = 0.1
)

// Programs says which programs run on the machine.
type Programs interface {
	// Running are those whose names are asked for, each with its processes.
	Running(names []string) (map[string]Processes, error)
	// Of is which of them a process is, or one that began it; "" where it is none, or gone.
	Of(process int, names []string) string
}

// Window is the active window of a desktop.
type Window struct {
	// Process is what shows it; 0: it does not say, or there is none.
	Process int
	// Class is what the program calls itself.
	Class []string
}

// Processes are those of a program: how long each has used processors, by its number.
type Processes map[int]time.Duration

// since is how long they used processors since they were as before. One that has begun
// meanwhile did all of it since; what those did last that have ended is not known.
func (p Processes) since(before Processes) (used time.Duration) {
	for number, all := range p {
		if was := before[number]; was <= all {
			used += all - was
		} else { // another one with its number
			used += all
		}
	}
	return used
}

// Usage measures what is done in sessions. Its methods may be called from several
// goroutines.
type Usage struct {
	Programs Programs
	// Session is the session that goes on, or "".
	Session func() string
	// Software are the names of the programs that count.
	Software func() []string
	// Window is the active window, and whether that is known. Optional: it is not.
	Window func() (w Window, known bool)
	// Memory keeps what was measured.
	Memory Memory
	Now    func() time.Time
	Log    *slog.Logger

	mu       sync.Mutex
	recalled bool
	resumes  time.Time // until when the session of before a restart may go on
	kept     usageMemory
	at       time.Time // of the last measurement
	keptAt   time.Time
	looked   time.Time // when it was looked which programs run
	running  map[string]Processes
	busy     bool // a program that counts
	gpuBusy  bool // a GPU
	gpuKnown bool // whether each GPU tells that
	hadGPU   bool // whether a GPU ever told anything
}

// usageMemory is what is kept of it.
type usageMemory struct {
	Now   api.SessionUse   `json:"now"`
	Ended []api.SessionUse `json:"ended,omitempty"`
}

// Report is the use of the session that goes on, if any, and of those that have ended.
func (u *Usage) Report() (now *api.SessionUse, ended []api.SessionUse) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.recall()
	if u.kept.Now.Session != "" && u.kept.Now.Session == u.Session() {
		copied := u.kept.Now
		copied.Software = slices.Clone(copied.Software)
		now = &copied
	}
	return now, slices.Clone(u.kept.Ended)
}

// Told forgets sessions that have ended: the allocator knows of them.
func (u *Usage) Told(sessions []api.SessionUse) {
	if len(sessions) == 0 {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.kept.Ended = slices.DeleteFunc(u.kept.Ended, func(e api.SessionUse) bool {
		return slices.ContainsFunc(sessions, func(s api.SessionUse) bool { return s.Session == e.Session })
	})
	u.keep()
}

// Busy reports whether something is computed that the workshop is about, or on a GPU. Where
// a GPU does not tell, and nothing else is busy, that is not known. On one that tells
// programs and not its use, each of them counts: what it does is not seen.
func (u *Usage) Busy() (busy, known bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	busy = u.busy || u.gpuBusy
	return busy, busy || u.gpuKnown
}

// Measure adds what is so at this moment.
func (u *Usage) Measure(readings []api.Reading, host *api.Host) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.recall()
	now, session := u.Now(), u.Session()
	if session == "" && now.Before(u.resumes) {
		return // the agent has just started, and is told of its session soon
	}
	if session != u.kept.Now.Session {
		u.begin(session, now)
	}
	gap := min(max(0, now.Sub(u.at)), longestGap).Round(time.Second)
	if session == "" {
		return
	}
	if gap < time.Second {
		return // reports look, too
	}
	u.at = now
	u.look(now)
	u.add(int(gap.Seconds()), readings, host)
	if now.Sub(u.keptAt) >= useKept {
		u.keep()
	}
}

// begin ends the session before, and begins another one.
func (u *Usage) begin(session string, now time.Time) {
	if u.kept.Now.Session != "" {
		over := u.kept.Now
		over.Ended = true
		u.kept.Ended = append(u.kept.Ended, over)
		u.kept.Ended = u.kept.Ended[max(0, len(u.kept.Ended)-maxEnded):]
	}
	u.kept.Now = api.SessionUse{Session: session}
	u.at, u.looked, u.running, u.busy, u.gpuBusy, u.gpuKnown = now, time.Time{}, nil, false, false, true
	u.keep()
}

// look looks which programs run, and whether one computes.
func (u *Usage) look(now time.Time) {
	names := u.Software()
	since := now.Sub(u.looked)
	if len(names) == 0 || since < programsEvery {
		return
	}
	running, err := u.Programs.Running(names)
	if err != nil {
		u.Log.Debug("it cannot be seen which programs run", "error", err)
		u.running, u.looked, u.busy = nil, time.Time{}, false
		return
	}
	u.busy = false
	for name, processes := range running {
		if !u.looked.IsZero() && processes.since(u.running[name]).Seconds() > busyCPU*since.Seconds() {
			u.busy = true
		}
	}
	u.running, u.looked = running, now
}

// recall reads once what was kept.
func (u *Usage) recall() {
	if u.recalled {
		return
	}
	u.recalled = true
	if err := u.Memory.Recall(useName, &u.kept); err != nil && !errors.Is(err, fs.ErrNotExist) {
		u.Log.Warn("what was measured of sessions cannot be read, and is lost", "error", err)
	}
	u.at = u.Now()
	if u.kept.Now.Session != "" {
		u.resumes = u.at.Add(resumeLimit)
	}
}

func (u *Usage) keep() {
	u.keptAt = u.Now()
	if err := u.Memory.Keep(useName, u.kept); err != nil {
		u.Log.Debug("what was measured of sessions cannot be kept; a restart of the agent loses it", "error", err)
	}
}
