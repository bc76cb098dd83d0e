package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// unread is a line of a roster that is not understood.
type unread struct {
	Line int
	Text string
}

// mostUnread is how many of them are told.
const mostUnread = 5

// roster are the addresses that somebody pasted, or has in a file.
type roster struct {
	addresses []string
	unread    []unread
}

// rosterOf reads the roster of a form. Invalid, with the lines, where some are not
// understood; what was read is returned all the same.
func rosterOf(r *http.Request, pasted, file string) ([]string, error) {
	all := readPasted(r.PostFormValue(pasted))
	if err := all.complain("In the addresses"); err != nil {
		return all.addresses, err
	}
	raw, name, err := uploaded(r, file)
	if err != nil || len(raw) == 0 {
		return all.addresses, err
	}
	listed, err := readTable(raw)
	if err == nil {
		err = listed.complain("In the file " + name)
	}
	return append(all.addresses, listed.addresses...), err
}

// uploaded is a file of a form; nothing where none was chosen.
func uploaded(r *http.Request, field string) (raw []byte, name string, err error) {
	if r.MultipartForm == nil {
		return nil, "", nil
	}
	file, header, err := r.FormFile(field)
	if errors.Is(err, http.ErrMissingFile) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("read the file of a form: %w", err)
	}
	defer file.Close()
	raw, err = io.ReadAll(file)
	return raw, header.Filename, err
}

// complain tells which lines are not understood.
func (o roster) complain(where string) error {
	if len(o.unread) == 0 {
		return nil
	}
	var lines []string
	for _, u := range o.unread[:min(len(o.unread), mostUnread)] {
		lines = append(lines, fmt.Sprintf("line %d: %q", u.Line, shortName(u.Text)))
	}
	if more := len(o.unread) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return api.Problemf(api.Invalid, "Not all addresses could be read", "%s, %s. Write each as ann@example.org, or take the line out.", where, strings.Join(lines, "; "))
}

// readPasted reads what was pasted: one address a line, or several with commas or
// semicolons between them, each alone or behind a name.
func readPasted(text string) (out roster) {
	for n, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		found, ok := addressesIn(line)
		out.addresses = append(out.addresses, found...)
		if title := n == 0 && !strings.Contains(line, "@") && strings.Contains(strings.ToLower(line), "mail"); !ok && !title {
			out.unread = append(out.unread, unread{n + 1, strings.TrimSpace(line)})
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
