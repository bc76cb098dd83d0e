package agent

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/talmolab/lablink-infrastructure/api"
)

// StartHost is the program of Google's that connects a machine with Chrome Remote Desktop,
// and RemoteHost the one that shows it from then on; RedirectURL is what a code was made for.
const (
	StartHost   = "/opt/google/chrome-remote-desktop/start-host"
	RemoteHost  = "/opt/google/chrome-remote-desktop/chrome-remote-desktop"
	RedirectURL = "https://remotedesktop.google.com/_/oauthredirect"
)

// maxPasted is more than the command has that Google's page shows, in bytes.
const maxPasted = 1000

var (
	codes = regexp.MustCompile(`^4/[A-Za-z0-9_-]{10,300}$`)
	names = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]{0,62}$`)
	pins  = regexp.MustCompile(`^[0-9]{6}$`)
)

// around are the other words of the command that Google's page shows for Debian Linux.
var around = []string{"DISPLAY=", StartHost, "--redirect-url=" + RedirectURL, "--name=$(hostname)"}

// Connection is what a session is connected with to Chrome Remote Desktop.
type Connection struct {
	// Session is the one that it is for.
	Session string `json:"session"`
	// Code is the one that its participant brought. It is used once, and kept nowhere.
	Code string `json:"code"`
	// PIN is what they are asked for when they come to the desktop.
	PIN string `json:"pin"`
	// Name is what they find the machine by.
	Name string `json:"name"`
	// Again takes away how the machine is connected already.
	Again bool `json:"again,omitempty"`
}

// Check refuses what could be taken for something else by whoever reads arguments.
func (c Connection) Check() error {
	if c.Session == "" || !codes.MatchString(c.Code) || !names.MatchString(c.Name) || !pins.MatchString(c.PIN) {
		return api.Problemf(api.Invalid, "The machine cannot be connected with that", "Its session, the code, its name or the PIN is none.")
	}
	return nil
}

// ReadCode reads the code out of what somebody pasted: the code itself, the option with it, or
// the whole command. Anything else is refused, and nothing of it is repeated.
func ReadCode(pasted string) (string, error) {
	pasted = strings.TrimSpace(pasted)
	switch {
	case pasted == "":
		return "", noCode("There is no code")
	case len(pasted) > maxPasted:
		return "", noCode("That is longer than the command with the code")
	case strings.ContainsFunc(pasted, func(r rune) bool { return r > unicode.MaxASCII || r < ' ' || r == 0x7f }):
		return "", noCode("There are characters in it that the command does not have")
	}
	words := strings.Fields(pasted)
	if len(words) == 1 && !strings.HasPrefix(words[0], "-") {
		words[0] = "--code=" + words[0]
	}
	return codeIn(words)
}

// codeIn is the code among the words of the command.
func codeIn(words []string) (code string, err error) {
	for _, word := range words {
		word = unquoted(word)
		value, is := strings.CutPrefix(word, "--code=")
		switch {
		case !is && !slices.Contains(around, word):
			return "", noCode("There is something in it that the command for Debian Linux does not have")
		case is && code != "":
			return "", noCode("There are two codes in it")
		case is && !codes.MatchString(value):
			return "", noCode("What stands where the code should be is none: a code begins with 4/")
		case is:
			code = value
		}
	}
	if code == "" {
		return "", noCode("There is no code in it")
	}
	return code, nil
}

// unquoted takes the quotes away in which a value, or a whole word, stands.
func unquoted(word string) string {
	option, value, is := strings.Cut(word, "=")
	if !is {
		option, value = "", word
	} else {
		option += "="
	}
	for _, quote := range []string{`"`, `'`} {
		if len(value) >= 2 && strings.HasPrefix(value, quote) && strings.HasSuffix(value, quote) {
			return option + value[1:len(value)-1]
		}
	}
	return word
}

func noCode(what string) error {
	return api.Problemf(api.Invalid, what, "Copy the command for Debian Linux once more from remotedesktop.google.com/headless, and paste it as it is. Or paste its code alone: what stands after --code=, from 4/ on.")
}
