// Package roster reads the addresses of those who are invited to a workshop, however
// somebody wrote them down: pasted into a form, or in a file. It knows nothing of workshops.
package roster

import (
	"fmt"
	"net/mail"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Unread is a line that is not understood.
type Unread struct {
	Line int
	Text string
}

const (
	mostUnread = 5  // how many of them are told
	mostText   = 80 // how many characters of each
)

// Roster are the addresses that were read.
type Roster struct {
	Addresses []string
	Unread    []Unread
}

// Complain is Invalid, with the lines, where some are not understood.
func (o Roster) Complain(where string) error {
	if len(o.Unread) == 0 {
		return nil
	}
	var lines []string
	for _, u := range o.Unread[:min(len(o.Unread), mostUnread)] {
		lines = append(lines, fmt.Sprintf("line %d: %q", u.Line, short(u.Text)))
	}
	if more := len(o.Unread) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return api.Problemf(api.Invalid, "Not all addresses could be read", "%s, %s. Write each as ann@example.org, or take the line out.", where, strings.Join(lines, "; "))
}

// short is a text without what is too long of it.
func short(text string) string {
	if runes := []rune(text); len(runes) > mostText {
		return string(runes[:mostText]) + "…"
	}
	return text
}

// Pasted reads what was pasted: one address a line, or several with commas or
// semicolons between them, each alone or behind a name.
func Pasted(text string) (out Roster) {
	for n, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		found, ok := addressesIn(line)
		out.Addresses = append(out.Addresses, found...)
		if title := n == 0 && !strings.Contains(line, "@") && strings.Contains(strings.ToLower(line), "mail"); !ok && !title {
			out.Unread = append(out.Unread, Unread{n + 1, strings.TrimSpace(line)})
		}
	}
	return out
}

// addressesIn are the addresses of a line. Not ok where something of it is not understood,
// or where it has none and is not empty.
func addressesIn(line string) (found []string, ok bool) {
	line = strings.Trim(strings.TrimPrefix(line, "\ufeff"), " \t,;")
	if all, err := mail.ParseAddressList(strings.ReplaceAll(line, ";", ",")); err == nil {
		for _, a := range all {
			found = append(found, a.Address)
		}
		return found, true
	}
	ok = true
	for _, part := range strings.FieldsFunc(line, func(c rune) bool { return c == ',' || c == ';' || c == '\t' }) {
		part = strings.Trim(strings.TrimSpace(part), `"'`)
		if !strings.Contains(part, "@") {
			continue // a name, or an empty column
		}
		a, err := mail.ParseAddress(part)
		if err != nil {
			ok = false
			continue
		}
		found = append(found, a.Address)
	}
	return found, ok && (len(found) > 0 || strings.Trim(line, `"' ,;`) == "")
}
