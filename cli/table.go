package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// show prints v as JSON, or as the table that rows describe, a heading first.
func (g *Globals) show(v any, rows [][]string) error {
	if g.JSON {
		enc := json.NewEncoder(g.Out)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	}
	return table(g.Out, g.Width, rows)
}

const (
	between   = 2  // blanks between two columns
	leastLast = 24 // columns that the last cell of a row needs for its lines
)

// table prints rows in columns. Where they do not fit into so many columns of a
// terminal, the last cell of a row goes on below itself; where there is no room for that,
// each row is printed as lines of its own. Nothing is cut off, as it may be copied.
func table(out io.Writer, width int, rows [][]string) error {
	widths := measure(rows)
	before := 0
	for _, w := range widths[:len(widths)-1] {
		before += w + between
	}
	var text strings.Builder
	if width > 0 && len(widths) > 1 && before+min(widths[len(widths)-1], leastLast) > width {
		records(&text, rows)
	} else {
		lines(&text, widths, width, rows)
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// measure is how wide each column is. The last cell of a row that is shorter than others
// may be as long as it is.
func measure(rows [][]string) []int {
	columns := 0
	for _, row := range rows {
		columns = max(columns, len(row))
	}
	widths := make([]int, columns)
	for _, row := range rows {
		for i, cell := range row {
			if i < len(row)-1 || len(row) == columns {
				widths[i] = max(widths[i], utf8.RuneCountInString(plain(cell)))
			}
		}
	}
	return widths
}

// lines prints rows in columns, and the last cell of each in as many lines as it needs.
func lines(out *strings.Builder, widths []int, width int, rows [][]string) {
	for _, row := range rows {
		var line strings.Builder
		indent := 0
		for i, cell := range row {
			switch {
			case i < len(row)-1:
				fmt.Fprintf(&line, "%-*s", widths[i]+between, plain(cell))
				indent += widths[i] + between
			case i == 0 || width <= 0: // a command may be one line, to be copied
				line.WriteString(plain(cell))
			default:
				line.WriteString(strings.Join(wrapped(plain(cell), width-indent), "\n"+strings.Repeat(" ", indent)))
			}
		}
		fmt.Fprintln(out, strings.TrimRight(line.String(), " "))
	}
}

// records prints each row as lines, with the heading's words before them.
func records(out *strings.Builder, rows [][]string) {
	names := rows[0]
	widest := 0
	for _, name := range names {
		widest = max(widest, utf8.RuneCountInString(name))
	}
	for n, row := range rows[1:] {
		if n > 0 {
			fmt.Fprintln(out)
		}
		for i, cell := range row {
			if cell != "" && i < len(names) {
				fmt.Fprintf(out, "%-*s%s\n", widest+between, names[i], plain(cell))
			}
		}
	}
}

// wrapped are the lines of a text, each of so many letters at most unless a word is longer.
func wrapped(text string, most int) []string {
	if utf8.RuneCountInString(text) <= most {
		return []string{text}
	}
	var out []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > most {
			out, line = append(out, line), ""
		}
		line = strings.TrimLeft(line+" "+word, " ")
	}
	return append(out, line)
}

// plain is text without what terminals take for more than text: much of what is shown
// was said by machines, and by whoever named something.
func plain(cell string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, cell)
}

// note says what is being done, to people who wait. That nobody reads it changes
// nothing of it.
func (g *Globals) note(format string, args ...any) {
	if !g.JSON {
		fmt.Fprintf(g.Out, "• "+format+"\n", args...)
	}
}
