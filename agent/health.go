package agent

import (
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// maxText is the longest reason or note that the wire types allow, in bytes.
const maxText = 500

// symptom is a kind of thing that a look at the GPUs can find.
type symptom int

const (
	gpuLost symptom = iota
	driverFault
	readingFailed
	noDriver
	noGPU
)

// finding is one symptom. About names what has it: a GPU, or an error's text.
type finding struct {
	symptom symptom
	about   string
}

// rule says what a symptom means. Says is for people, and %s in it is replaced
// by what the findings are about; todo is what people can do. The text of a
// rule whose health is healthy is a note, not a reason.
type rule struct {
	symptom symptom
	health  api.Health
	action  api.Action
	says    string
	todo    string
}

// rules are ordered from worst to harmless.
var rules = []rule{
	{gpuLost, api.Unhealthy, api.Reboot,
		"Can no longer be reached: %s.",
		"Reboot the machine; replace it if the GPU stays away."},
	{driverFault, api.Degraded, api.Reboot,
		"The NVIDIA driver does not work: %s.",
		"Reboot the machine; replace it if that does not help."},
	{readingFailed, api.Degraded, api.NoAction,
		"Does not say how it is: %s.",
		"The desktop still works; reboot the machine when nobody uses it."},
	{noDriver, api.Healthy, api.NoAction,
		"No NVIDIA driver found (libnvidia-ml.so.1).",
		"The machine works without a GPU."},
	{noGPU, api.Healthy, api.NoAction,
		"The NVIDIA driver found no GPU.",
		"The machine works without one."},
}

// verdict is what the rules make of all findings together.
type verdict struct {
	health api.Health
	action api.Action
	reason string
	note   string
}

// judge applies the rules: the worst finding decides the health, and every
// reason is told, worst first. No findings mean a healthy machine.
func judge(found []finding) verdict {
	v := verdict{health: api.Healthy}
	var reasons, notes []string
	for _, r := range rules {
		text := r.describe(found)
		switch {
		case text == "":
		case r.health == api.Healthy:
			notes = append(notes, text)
		default:
			if len(reasons) == 0 {
				v.health, v.action = r.health, r.action
			}
			reasons = append(reasons, text)
		}
	}
	v.reason = clip(strings.Join(reasons, " "))
	v.note = clip(strings.Join(notes, " "))
	return v
}

// describe is the rule's text for the findings it is about, or "".
func (r rule) describe(found []finding) string {
	var about []string
	for _, f := range found {
		if f.symptom == r.symptom {
			about = append(about, f.about)
		}
	}
	if len(about) == 0 {
		return ""
	}
	return strings.Replace(r.says, "%s", strings.Join(about, ", "), 1) + " " + r.todo
}

// clip shortens text to what the wire types allow, at a character's border.
func clip(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText-len("…")], "") + "…"
}
