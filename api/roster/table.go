package roster

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Table reads a file with values that commas, semicolons or tabs are between: its
// column with addresses. Invalid where it has none.
func Table(raw []byte) (out Roster, err error) {
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
			if text := strings.Join(row, " "); strings.TrimSpace(text) != "" && n > 0 {
				out.Unread = append(out.Unread, Unread{lines[n], strings.Join(row, ",")})
			}
			continue
		}
		found, ok := addressesIn(row[column])
		out.Addresses = append(out.Addresses, found...)
		if !ok && (n > 0 || strings.Contains(row[column], "@")) { // the first may be the column's name
			out.Unread = append(out.Unread, Unread{lines[n], row[column]})
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
