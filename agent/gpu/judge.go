package gpu

import (
	"cmp"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// maxText is the longest reason or note that the wire types allow, in bytes.
const maxText = 500

// finding is one symptom. GPU is whose, or "" for the machine; about names what has it,
// for people.
type finding struct {
	symptom symptom
	gpu     string
	about   string
}

// verdict is what the rules make of all findings together. Absent says why there is no
// GPU to list.
type verdict struct {
	health api.Health
	action api.Action
	reason string
	note   string
	absent string
}

// judge applies the rules: the worst finding decides the health, and every
// reason is told, worst first. No findings mean a healthy machine.
func judge(found []finding) verdict {
	v := verdict{health: api.Healthy}
	var reasons, notes, absent []string
	for _, r := range rules {
		text := r.describe(found)
		switch {
		case text == "":
		case r.symptom.absent():
			absent = append(absent, text)
		case r.health == api.Healthy:
			notes = append(notes, text)
			if len(reasons) == 0 {
				v.action = cmp.Or(v.action, r.action)
			}
		default:
			if len(reasons) == 0 {
				v.health, v.action = r.health, r.action
			}
			reasons = append(reasons, text)
		}
	}
	v.reason = Clip(strings.Join(reasons, " "))
	v.note = Clip(strings.Join(notes, " "))
	v.absent = Clip(strings.Join(absent, " "))
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

// Clip shortens text to what the wire types allow, at a character's border.
func Clip(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText-len("…")], "") + "…"
}
