package gputest

import (
	"github.com/talmolab/lablink-infrastructure/agent/inject"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Case is a fault, and what is made of it.
type Case struct {
	Name   string
	Before bool // of a GPU before Ampere
	Inject []inject.Order
	Health api.Health
	Action api.Action
	// Reason is the text for people, Note the one of what is no fault, and Absent why
	// there is no GPU.
	Reason, Note, Absent string
	// Lasts says that it counts once it has lasted.
	Lasts bool
	// First says that it was so before anybody looked.
	First bool
}

func one(fault, value string) []inject.Order { return []inject.Order{{Fault: fault, Value: value}} }

// Cases has at least one for each rule.
var Cases = []Case{
	{Name: "a fault that only other hardware mends", Inject: one("xid", "54"), Health: api.Unhealthy, Action: api.Replace,
		Reason: "Has a fault that only other hardware mends: GPU 0 (NVIDIA A10G) (XID 54, auxiliary power is not connected). Replace the machine."},
	{Name: "rows that could not be replaced", Inject: one("rows", "failed"), Health: api.Unhealthy, Action: api.Replace,
		Reason: "Its memory cannot be repaired any more: GPU 0 (NVIDIA A10G). Replace the machine."},
	{Name: "a GPU that is lost", Inject: one("lost", ""), Health: api.Unhealthy, Action: api.Reboot,
		Reason: "Can no longer be reached: GPU 0 (NVIDIA A10G). Reboot the machine; replace it if the GPU stays away."},
	{Name: "a driver that does not answer", Inject: one("driver", "hangs"), Health: api.Unhealthy, Action: api.Reboot,
		Reason: "The NVIDIA driver does not answer. Reboot the machine; replace it if that does not help."},
	{Name: "a driver that works no longer", Inject: one("driver", "broken"), Health: api.Unhealthy, Action: api.Reboot, Lasts: true,
		Reason: "The NVIDIA driver worked before and does not any more: ERROR_UNKNOWN (injected). Reboot the machine; replace it if that does not help."},
	{Name: "a driver that is there no longer", Inject: one("driver", "gone"), Health: api.Unhealthy, Action: api.Reboot, Lasts: true,
		Reason: "The NVIDIA driver worked before and does not any more: initialise NVML: no NVIDIA driver found (libnvidia-ml.so.1). Reboot the machine; replace it if that does not help."},
	{Name: "a GPU that has fallen off the bus", Inject: one("xid", "79"), Health: api.Unhealthy, Action: api.Reboot,
		Reason: "The driver reported a fault: GPU 0 (NVIDIA A10G) (XID 79, the GPU has fallen off the bus). Reboot the machine; replace it if it comes back."},
	{Name: "a driver that asks for a reboot", Inject: one("recovery", "reboot"), Health: api.Unhealthy, Action: api.Reboot,
		Reason: "The driver asks for a reboot: GPU 0 (NVIDIA A10G). Reboot the machine."},
	{Name: "a double-bit error", Inject: one("xid", "48"), Health: api.Unhealthy, Action: api.Reset,
		Reason: "The driver reported a fault that a reset clears: GPU 0 (NVIDIA A10G) (XID 48, double-bit memory error). Reboot the machine, or load the driver anew; replace it if it comes back."},
	{Name: "a double-bit error without an XID", Inject: one("ecc", ""), Health: api.Unhealthy, Action: api.Reset,
		Reason: "The driver reported a fault that a reset clears: GPU 0 (NVIDIA A10G) (ECC, double-bit memory error). Reboot the machine, or load the driver anew; replace it if it comes back."},
	{Name: "a driver that asks for a reset", Inject: one("recovery", "reset"), Health: api.Unhealthy, Action: api.Reset,
		Reason: "The driver asks for a reset: GPU 0 (NVIDIA A10G). Reset the GPU, or reboot the machine."},
	{Name: "a driver that never worked", First: true, Inject: one("driver", "broken"), Health: api.Degraded, Action: api.Reboot, Lasts: true,
		Reason: "The NVIDIA driver does not work: ERROR_UNKNOWN (injected). Reboot the machine; replace it if that does not help."},
	{Name: "too little power", Inject: one("slowed", "power"), Health: api.Degraded, Action: api.Replace, Lasts: true,
		Reason: "Gets too little power and is slowed: GPU 0 (NVIDIA A10G). Replace the machine when nobody uses it."},
	{Name: "lanes that are gone", Inject: one("lanes", "4"), Health: api.Degraded, Action: api.Reboot, Lasts: true,
		Reason: "Has fewer PCIe lanes than before: GPU 0 (NVIDIA A10G), 4 of 8. Reboot the machine when nobody uses it; replace it if that does not help."},
	{Name: "a link that is slow under load", Inject: one("generation", "1"), Health: api.Degraded, Action: api.Reboot, Lasts: true,
		Reason: "Its PCIe link is slower than before: GPU 0 (NVIDIA A10G), generation 1 of 3. Reboot the machine when nobody uses it; replace it if that does not help."},
	{Name: "pages to be retired", Before: true, Inject: one("pages", ""), Health: api.Degraded, Action: api.Reboot,
		Reason: "Has bad memory that is taken out at the next start of the driver: GPU 0 (Tesla T4). Reboot the machine when nobody uses it."},
	{Name: "rows to be replaced", Inject: one("rows", "pending"), Health: api.Degraded, Action: api.Reset,
		Reason: "Has bad memory that is replaced at the next reset: GPU 0 (NVIDIA A10G). Reset the GPU, or reboot the machine, when nobody uses it."},
	{Name: "a driver that asks for a reset later", Inject: one("recovery", "drain"), Health: api.Degraded, Action: api.Reset,
		Reason: "The driver asks for a reset once nobody works on it: GPU 0 (NVIDIA A10G). Reset the GPU, or reboot the machine, when nobody uses it."},
	{Name: "an NVLink error", Inject: one("xid", "74"), Health: api.Degraded, Action: api.Reset,
		Reason: "The driver reported a fault that a reset clears: GPU 0 (NVIDIA A10G) (XID 74, NVLink error). Reboot the machine, or load the driver anew, when nobody uses it."},
	{Name: "a memory error that one program saw", Inject: one("xid", "94"), Health: api.Degraded, Action: api.Restart,
		Reason: "A fault ended a program: GPU 0 (NVIDIA A10G) (XID 94, memory error that one program saw). Start the program again; ask your instructor if it happens again."},
	{Name: "so much heat that the hardware acts", Inject: one("slowed", "thermal"), Health: api.Degraded, Lasts: true,
		Reason: "Is so hot that the hardware slows it: GPU 0 (NVIDIA A10G). It works, slowly; give it less to do, and use another machine if that does not help."},
	{Name: "heat", Inject: one("temperature", "95"), Health: api.Degraded, Lasts: true,
		Reason: "Is hot: GPU 0 (NVIDIA A10G) at 93 °C or more. It works; give it less to do, and use another machine if that does not help."},
	{Name: "a GPU that does not say how it is", Inject: one("unreadable", ""), Health: api.Degraded,
		Reason: "Does not say how it is: GPU 0 (NVIDIA A10G) (power: ERROR_UNKNOWN (injected)). The desktop still works; reboot the machine when nobody uses it."},
	{Name: "an error of a program", Inject: one("xid", "31"), Health: api.Healthy, Action: api.Restart,
		Note: "A program made an error on the GPU: GPU 0 (NVIDIA A10G) (XID 31, memory page fault). The GPU is well; start the program again."},
	{Name: "a report that needs nothing", Inject: one("xid", "92"), Health: api.Healthy,
		Note: "The driver reported something that needs nothing now: GPU 0 (NVIDIA A10G) (XID 92, many single-bit memory errors). Tell NVIDIA's support if it comes often."},
	{Name: "an XID that nobody knows", Inject: one("xid", "4711"), Health: api.Healthy,
		Note: "The driver reported something that needs nothing now: GPU 0 (NVIDIA A10G) (XID 4711, not known to this agent). Tell NVIDIA's support if it comes often."},
	{Name: "a machine without a driver", First: true, Inject: one("driver", "gone"), Health: api.Healthy,
		Absent: "No NVIDIA driver found (libnvidia-ml.so.1). The machine works without a GPU."},
	{Name: "a driver that finds no GPU", First: true, Inject: one("driver", "empty"), Health: api.Healthy,
		Absent: "The NVIDIA driver found no GPU. The machine works without one."},
}
