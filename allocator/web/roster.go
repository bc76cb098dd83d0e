package web

import (
	"bytes"
	"encoding/csv"
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
		lines = append(lines, fmt.Sprintf("line %d: %q", u.Line, u.Text))
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

// readTable reads a file with values that commas, semicolons or tabs are between: its
// column with addresses. Invalid where it has none.
func readTable(raw []byte) (out roster, err error) {
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	if bytes.IndexByte(raw, 0) >= 0 {
		return out, api.Problemf(api.Invalid, "That file is no list of addresses", "Save the table as CSV (UTF-8), or paste the addresses.")
	}
	rows, lines, err := readRows(raw)
	if err != nil {
		return out, api.Problemf(api.Invalid, "That file is no list of addresses", "%v. Save the table as CSV (UTF-8), or paste the addresses.", err)
	}
	column := addressColumn(rows)
	if column < 0 {
		return out, api.Problemf(api.Invalid, "No addresses were found in the file", "One of its columns has to hold e-mail addresses as ann@example.org. Save the table as CSV, or paste them.")
	}
	for n, row := range rows {
		if column >= len(row) || strings.TrimSpace(row[column]) == "" {
			continue
		}
		found, ok := addressesIn(row[column])
		out.addresses = append(out.addresses, found...)
		if !ok && (n > 0 || strings.Contains(row[column], "@")) { // the first may be the column's name
			out.unread = append(out.unread, unread{lines[n], row[column]})
		}
	}
	return out, nil
}

// readRows reads a table, with the line that each row begins in.
func readRows(raw []byte) (rows [][]string, lines []int, err error) {
	in := csv.NewReader(bytes.NewReader(raw))
	in.Comma, in.FieldsPerRecord, in.LazyQuotes, in.TrimLeadingSpace = between(raw), -1, true, true
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows, lines, nil
		}
		if err != nil {
			return nil, nil, err
		}
		line, _ := in.FieldPos(0)
		rows, lines = append(rows, row), append(lines, line)
	}
}

// between is what separates the columns of a table: what its first line has most of.
func between(raw []byte) rune {
	first, _, _ := bytes.Cut(raw, []byte("\n"))
	comma := ','
	for _, other := range []rune{';', '\t'} {
		if bytes.Count(first, []byte(string(other))) > bytes.Count(first, []byte(string(comma))) {
			comma = other
		}
	}
	return comma
}

// addressColumn is the column with most addresses; -1 where there is none.
func addressColumn(rows [][]string) int {
	count := map[int]int{}
	best := -1
	for _, row := range rows {
		for column, cell := range row {
			if found, ok := addressesIn(cell); ok && len(found) > 0 {
				count[column]++
			}
		}
	}
	for column, n := range count {
		if best < 0 || n > count[best] || n == count[best] && column < best {
			best = column
		}
	}
	return best
}
