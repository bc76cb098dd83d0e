package api

import "time"

// SessionUse is what a participant did in a session, as their machine measured it. What was
// not measured is absent.
type SessionUse struct {
	_ struct{} `json:"-" additionalProperties:"true"` // a newer agent may say more

	Session string `json:"session" maxLength:"100"`
	// Seconds is for how long it was measured; all others are parts of it.
	Seconds    int           `json:"seconds" minimum:"0" doc:"For how long it was measured"`
	Software   []SoftwareUse `json:"software,omitempty" maxItems:"20" doc:"The programs that the pool's settings name, of those that ran"`
	GPUActive  *int          `json:"gpu_active_seconds,omitempty" minimum:"0" doc:"How long a GPU computed: was used to more than 5 %"`
	GPUPeak    *uint32       `json:"gpu_peak_percent,omitempty" doc:"The highest use of a GPU"`
	GPUMemory  *uint64       `json:"gpu_memory_peak_bytes,omitempty" doc:"The most memory of a GPU that was used"`
	MemoryPeak *uint64       `json:"memory_peak_bytes,omitempty" doc:"The most memory of the machine that was used"`
	LoadPeak   *float64      `json:"load_peak,omitempty" doc:"The highest load of the machine, over a minute"`
	Ended      bool          `json:"ended,omitempty" doc:"Whether the session has ended: nothing is added to it"`
}

// SoftwareUse is how a program was used.
type SoftwareUse struct {
	_ struct{} `json:"-" additionalProperties:"true"` // a newer agent may say more

	Name    string `json:"name" maxLength:"100"`
	Seconds int    `json:"seconds" minimum:"0" doc:"How long it ran, whether or not anybody worked in it"`
	First   int    `json:"first_after_seconds" minimum:"0" doc:"How long after the session's begin it ran first"`
	// Active is absent where nothing tells which window is active: in a container, by Chrome
	// Remote Desktop, on a machine without a desktop, and with a window manager that does not say.
	Active *int `json:"active_seconds,omitempty" minimum:"0" doc:"For how long the active window was its own, or of a program that it began; absent where that is not known"`
}

// Host is what a machine is like beside its GPUs. What is not known is absent.
type Host struct {
	_ struct{} `json:"-" additionalProperties:"true"` // a newer agent may say more

	DiskFree        *uint64  `json:"disk_free_bytes,omitempty" doc:"Of the file system that holds the home"`
	DiskTotal       *uint64  `json:"disk_total_bytes,omitempty"`
	MemoryAvailable *uint64  `json:"memory_available_bytes,omitempty"`
	MemoryTotal     *uint64  `json:"memory_total_bytes,omitempty"`
	Load            *float64 `json:"load,omitempty" doc:"Programs that run or wait to, on average over a minute"`
	CPUs            int      `json:"cpus,omitempty"`
	// OutOfMemory counts the programs that Linux ended since the boot as memory was exhausted.
	OutOfMemory *uint64 `json:"out_of_memory,omitempty" doc:"How many programs were ended since the boot as memory was exhausted"`
}

// Stats are what the participants of a workshop did on its machines.
type Stats struct {
	Workshop string    `json:"workshop" doc:"wks_…"`
	Name     string    `json:"name"`
	At       time.Time `json:"at"`
	Software []string  `json:"software,omitempty" doc:"The programs that the pool's settings name"`
	// People are those of whom something was measured, Used those of them who ran one of the
	// programs that the pool's settings name; the medians are over all of People.
	People         int       `json:"people" doc:"Of how many something was measured"`
	Used           int       `json:"used_software" doc:"How many of them ran a program that the pool's settings name"`
	MedianSeconds  int       `json:"median_seconds" doc:"For how long they were measured"`
	MedianSoftware int       `json:"median_software_seconds" doc:"How long they ran the program that they ran longest"`
	MedianActive   *int      `json:"median_active_seconds,omitempty" doc:"How long the active window was of a program that the pool's settings name, of those who ran one and whose machines tell it"`
	MedianGPU      *int      `json:"median_gpu_active_seconds,omitempty" doc:"How long a GPU computed for them, of those whose machines tell it"`
	Seats          []SeatUse `json:"seats" nullable:"false" doc:"First who asked first"`
}

// TellsSoftware reports whether there is anything to tell of software: settings name some, or
// did when it ran.
func (s Stats) TellsSoftware() bool { return len(s.Software) > 0 || s.Used > 0 }

// SeatUse is what one participant did, in all their sessions.
type SeatUse struct {
	Seat       string        `json:"seat" doc:"sea_…"`
	Email      string        `json:"email"`
	Sessions   int           `json:"sessions" doc:"How many there were: another one begins with each machine"`
	Seconds    int           `json:"seconds" doc:"For how long it was measured"`
	Software   []SoftwareUse `json:"software" nullable:"false"`
	GPUActive  *int          `json:"gpu_active_seconds,omitempty"`
	GPUPeak    *uint32       `json:"gpu_peak_percent,omitempty"`
	GPUMemory  *uint64       `json:"gpu_memory_peak_bytes,omitempty"`
	MemoryPeak *uint64       `json:"memory_peak_bytes,omitempty"`
	LoadPeak   *float64      `json:"load_peak,omitempty"`
}
