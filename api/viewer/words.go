package viewer

import (
	"encoding/base64"
	"encoding/json"
)

// English is what the page says, by the names of its words in the catalogue of the pages
// (allocator/web/words), which says the same and holds translations.
var English = map[string]string{
	"desktop":     "Desktop",
	"seat":        "Your seat",
	"back":        "Back",
	"connecting":  "Connecting…",
	"watched":     "An instructor is looking at your desktop.",
	"controlled":  "An instructor is working on your desktop.",
	"take_over":   "Take over",
	"only_watch":  "Only watch",
	"clipboard":   "Clipboard",
	"full":        "Full screen",
	"copied":      "What was copied on the desktop. What you put here can be pasted there.",
	"return":      "Back to the desktop",
	"noscript":    "The desktop is shown by a script. Allow scripts on this page and load it again.",
	"unreachable": "LabLink cannot be reached",
	"watching":    "You are watching. Nothing that you do here reaches the desktop.",
	"controlling": "You are working on this desktop. Its participant sees that you do. Ctrl, Alt, Shift and B together lead back to this bar.",
	"gone":        "This desktop is not yours any more.",
	"lost":        "The connection was lost",
	"again":       "Connecting again by itself…",
	"too_much":    "Too much to copy: {n} MiB, and 1 MiB is the most. Copy less, or take a file.",
	"missing":     "The desktop cannot be shown",
	"unbuilt":     "This LabLink was built without the viewer. Who deployed it builds it again where npm is installed, by make or pulumi up, and deploys that.",
}

// Language is a language that the page may speak.
type Language struct {
	Name  string            `json:"name"` // as BCP 47 has it
	Words map[string]string `json:"words"`
}

// Header is a language as a header says it (api.WordsHeader).
func (l Language) Header() (string, error) {
	raw, err := json.Marshal(l)
	return base64.StdEncoding.EncodeToString(raw), err
}

// Spoken is the language that a header names, whose words may be those of another release;
// none where the header names none.
func Spoken(header string) Language {
	raw, err := base64.StdEncoding.DecodeString(header)
	var l Language
	if err != nil || json.Unmarshal(raw, &l) != nil || l.Name == "" {
		return Language{}
	}
	return l
}
