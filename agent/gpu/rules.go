package gpu

import (
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// symptom is a kind of thing that can be wrong.
type symptom int

const (
	noSymptom symptom = iota
	xidReplace
	remapFailed
	gpuLost
	driverSilent
	driverGone
	xidReboot
	recoveryReboot
	xidReset
	recoveryReset
	driverFault
	powerBrake
	linkNarrow
	linkSlow
	pagesPending
	remapPending
	recoveryDrain
	xidLater
	xidRestart
	thermal
	hot
	readingFailed
	xidApplication
	xidNote
	noDriver
	noGPU
)

// rule says what a symptom means. Says is for people, and %s in it is replaced
// by what the findings are about; todo is what people can do. The text of a
// rule whose health is healthy is a note, not a reason.
type rule struct {
	symptom symptom
	health  api.Health
	action  api.Action
	// after is how long it must have lasted, and gone how long it must have been away.
	after, gone time.Duration
	// brief is how long an event counts. 0: until machine or driver start anew.
	brief  time.Duration
	says   string
	todo   string
	source string // where it is said
}

// Where NVIDIA says what these rules say.
const (
	catalogue  = "https://docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html"
	remapping  = "https://docs.nvidia.com/deploy/a100-gpu-mem-error-mgmt/error-recovery-and-response-flags.html"
	retirement = "https://docs.nvidia.com/deploy/dynamic-page-retirement/visibility.html"
	reference  = "https://docs.nvidia.com/deploy/nvml-api/"
	ownRule    = "LabLink" // nobody else's rule
)

const (
	whileAfter = 10 * time.Minute // how long an event is told that needs nothing
	lasts      = time.Minute
	settles    = 2 * time.Minute
	reloads    = 30 * time.Second // how long a driver may take to be loaded
)

// rules are ordered from worst to harmless.
var rules = []rule{
	{xidReplace, api.Unhealthy, api.Replace, 0, 0, 0,
		"Has a fault that only other hardware mends: %s.",
		"Replace the machine.", catalogue},
	{remapFailed, api.Unhealthy, api.Replace, 0, 0, 0,
		"Its memory cannot be repaired any more: %s.",
		"Replace the machine.", remapping},
	{gpuLost, api.Unhealthy, api.Reboot, 0, 0, 0,
		"Can no longer be reached: %s.",
		"Reboot the machine; replace it if the GPU stays away.", reference},
	{driverSilent, api.Unhealthy, api.Reboot, patience, 0, 0,
		"The NVIDIA driver does not answer.",
		"Reboot the machine; replace it if that does not help.", ownRule},
	{driverGone, api.Unhealthy, api.Reboot, reloads, 0, 0,
		"The NVIDIA driver worked before and does not any more: %s.",
		"Reboot the machine; replace it if that does not help.", ownRule},
	{xidReboot, api.Unhealthy, api.Reboot, 0, 0, 0,
		"The driver reported a fault: %s.",
		"Reboot the machine; replace it if it comes back.", catalogue},
	{recoveryReboot, api.Unhealthy, api.Reboot, 0, 0, 0,
		"The driver asks for a reboot: %s.",
		"Reboot the machine.", remapping},
	{xidReset, api.Unhealthy, api.Reset, 0, 0, 0,
		"The driver reported a fault that a reset clears: %s.",
		"Reboot the machine, or load the driver anew; replace it if it comes back.", catalogue},
	{recoveryReset, api.Unhealthy, api.Reset, 0, 0, 0,
		"The driver asks for a reset: %s.",
		"Reset the GPU, or reboot the machine.", remapping},
	{driverFault, api.Degraded, api.Reboot, reloads, 0, 0,
		"The NVIDIA driver does not work: %s.",
		"Reboot the machine; replace it if that does not help.", ownRule},
	{powerBrake, api.Degraded, api.Replace, lasts, settles, 0,
		"Gets too little power and is slowed: %s.",
		"Replace the machine when nobody uses it.", reference},
	{linkNarrow, api.Degraded, api.Reboot, lasts, settles, 0,
		"Has fewer PCIe lanes than before: %s.",
		"Reboot the machine when nobody uses it; replace it if that does not help.", ownRule},
	{linkSlow, api.Degraded, api.Reboot, lasts, settles, 0,
		"Its PCIe link is slower than before: %s.",
		"Reboot the machine when nobody uses it; replace it if that does not help.", ownRule},
	{pagesPending, api.Degraded, api.Reboot, 0, 0, 0,
		"Has bad memory that is taken out at the next start of the driver: %s.",
		"Reboot the machine when nobody uses it.", retirement},
	{remapPending, api.Degraded, api.Reset, 0, 0, 0,
		"Has bad memory that is replaced at the next reset: %s.",
		"Reset the GPU, or reboot the machine, when nobody uses it.", remapping},
	{recoveryDrain, api.Degraded, api.Reset, 0, 0, 0,
		"The driver asks for a reset once nobody works on it: %s.",
		"Reset the GPU, or reboot the machine, when nobody uses it.", remapping},
	{xidLater, api.Degraded, api.Reset, 0, 0, 0,
		"The driver reported a fault that a reset clears: %s.",
		"Reboot the machine, or load the driver anew, when nobody uses it.", catalogue},
	{xidRestart, api.Degraded, api.Restart, 0, 0, whileAfter,
		"A fault ended a program: %s.",
		"Start the program again; ask your instructor if it happens again.", catalogue},
	{thermal, api.Degraded, api.NoAction, lasts, settles, 0,
		"Is so hot that the hardware slows it: %s.",
		"It works, slowly; give it less to do, and use another machine if that does not help.", reference},
	{hot, api.Degraded, api.NoAction, lasts, settles, 0,
		"Is hot: %s.",
		"It works; give it less to do, and use another machine if that does not help.", reference},
	{readingFailed, api.Degraded, api.NoAction, 0, 0, 0,
		"Does not say how it is: %s.",
		"The desktop still works; reboot the machine when nobody uses it.", ownRule},
	{xidApplication, api.Healthy, api.Restart, 0, 0, whileAfter,
		"A program made an error on the GPU: %s.",
		"The GPU is well; start the program again.", catalogue},
	{xidNote, api.Healthy, api.NoAction, 0, 0, whileAfter,
		"The driver reported something that needs nothing now: %s.",
		"Tell NVIDIA's support if it comes often.", catalogue},
	{noDriver, api.Healthy, api.NoAction, 0, 0, 0,
		"No NVIDIA driver found (libnvidia-ml.so.1).",
		"The machine works without a GPU.", ownRule},
	{noGPU, api.Healthy, api.NoAction, 0, 0, 0,
		"The NVIDIA driver found no GPU.",
		"The machine works without one.", ownRule},
}

// absent reports whether a symptom is that there is no GPU to list.
func (s symptom) absent() bool { return s == noDriver || s == noGPU }

// ruleOf is the rule for a symptom.
func ruleOf(s symptom) rule {
	for _, r := range rules {
		if r.symptom == s {
			return r
		}
	}
	return rule{}
}
