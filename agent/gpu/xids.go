package gpu

import (
	"fmt"
	"slices"
)

// xid says what an XID means.
type xid struct {
	symptom symptom
	numbers []uint64
	means   string
}

// xids are the XIDs that NVIDIA's catalogue knows (see catalogue in rules.go), by its
// column "Resolution Bucket (Immediate Action)". Where the catalogue names a workflow
// of its own, the description beside it decides. It differs in one: 109, a context
// switch that timed out, has the bucket RESET_GPU, but long kernels of programs cause
// it, too, and drivers that know that a reset is needed say so by Recovery.
var xids = []xid{
	// Programs: the catalogue says that the GPU is well, or to restart the program.
	{xidApplication, []uint64{13}, "graphics engine exception"},
	{xidApplication, []uint64{31}, "memory page fault"},
	{xidApplication, []uint64{43}, "the program was stopped"},
	{xidApplication, []uint64{45}, "the program was ended"},
	{xidApplication, []uint64{68}, "video decoder exception"},
	{xidApplication, []uint64{109}, "a context switch took too long"},

	// RESTART_APP.
	{xidRestart, []uint64{8}, "GPU stopped processing"},
	{xidRestart, []uint64{11, 32}, "invalid or corrupted push buffer stream"},
	{xidRestart, []uint64{39, 40, 41, 70, 71, 72, 75, 76, 77, 85, 126, 127, 128, 129, 130, 131, 132, 133, 134, 135}, "copy engine error"},
	{xidRestart, []uint64{60}, "video processor exception"},
	{xidRestart, []uint64{69}, "graphics engine class error"},
	{xidRestart, []uint64{80}, "corrupted data sent to the GPU"},
	{xidRestart, []uint64{82, 83, 84, 88, 89, 96, 97, 98, 99, 100, 101, 102, 103, 104, 105}, "image or video decoder error"},
	{xidRestart, []uint64{86, 139}, "optical flow engine error"},
	{xidRestart, []uint64{94}, "memory error that one program saw"},

	// RESET_GPU, and WORKFLOW_XID_48: "A GPU reset or node reboot is needed".
	{xidReset, []uint64{46}, "GPU stopped processing"},
	{xidReset, []uint64{48}, "double-bit memory error"},
	{xidReset, []uint64{62}, "internal micro-controller halt"},
	{xidReset, []uint64{64}, "bad memory could not be taken out"},
	{xidReset, []uint64{95}, "memory error that several programs saw"},
	{xidReset, []uint64{110}, "security fault"},
	{xidReset, []uint64{119}, "the GPU's system processor does not answer"},
	{xidReset, []uint64{120}, "error of the GPU's system processor"},
	{xidReset, []uint64{136}, "link training failed"},
	{xidReset, []uint64{140}, "uncorrectable memory error"},
	{xidReset, []uint64{143}, "the GPU could not be initialised"},
	{xidReset, []uint64{158}, "fatal time-out"},
	{xidReset, []uint64{ECCUncorrected}, "double-bit memory error"},

	// Cleared by a reset as well, and a desktop on the GPU goes on until then.
	{xidLater, []uint64{74, 144, 145, 146, 147, 148, 149, 150}, "NVLink error"}, // WORKFLOW_NVLINK_ERR, WORKFLOW_NVLINK5_ERR
	{xidLater, []uint64{156}, "a part of the GPU is taken out"},                 // RESET_GPU, then IGNORE

	// RESTART_BM, RESTART_VM.
	{xidReboot, []uint64{79}, "the GPU has fallen off the bus"},
	{xidReboot, []uint64{151}, "key rotation error"},

	// CHECK_MECHANICALS: nothing that a reboot would mend.
	{xidReplace, []uint64{54}, "auxiliary power is not connected"},

	// IGNORE, or what is to be looked into and stops nobody.
	{xidNote, []uint64{37, 38, 66, 67}, "driver firmware error"},
	{xidNote, []uint64{44}, "graphics engine fault during a context switch"},
	{xidNote, []uint64{63}, "bad memory was found and is taken out"}, // Remapping and PagesPending say what is left to do
	{xidNote, []uint64{78}, "vGPU start error"},                      // UPDATE_SWFW
	{xidNote, []uint64{92}, "many single-bit memory errors"},
	{xidNote, []uint64{93}, "InfoROM wear limit"},
	{xidNote, []uint64{121}, "corrected errors on the link to the CPU"},
	{xidNote, []uint64{137}, "NVLink access error"},
	{xidNote, []uint64{141}, "CUDA fast path error"},
	{xidNote, []uint64{155}, "NVLink went down as asked"}, // RESET_GPU, but intended link changes cause it, too
	{xidNote, []uint64{157}, "a part of the GPU could not be taken out"},
	{xidNote, []uint64{160, 161}, "channel retirement"},

	// Nothing to say: tests of the board's own (106, 107), errors that were corrected,
	// and XIDs that come with another one: 154 repeats what Recovery says, 171 and 172
	// where the error of an XID 48 was.
	{noSymptom, []uint64{106, 107, 154, 171, 172, ECCCorrected}, ""},
}

// meaning looks an XID up. One that the table does not know is told, and changes
// nothing: unknown is not unhealthy.
func meaning(number uint64) xid {
	at := slices.IndexFunc(xids, func(x xid) bool { return slices.Contains(x.numbers, number) })
	if at < 0 {
		return xid{xidNote, []uint64{number}, "not known to this agent"}
	}
	return xids[at]
}

// called is what people are told of an XID.
func called(number uint64) string {
	if number == ECCUncorrected || number == ECCCorrected {
		return "ECC, " + meaning(number).means
	}
	return fmt.Sprintf("XID %d, %s", number, meaning(number).means)
}
