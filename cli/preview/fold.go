package preview

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limit is how long a comment may be, in bytes. GitHub takes 65 536 characters.
const Limit = 65_000

// code is text as code, on one line of a table.
func code(text string) string {
	text = strings.NewReplacer("`", "'", "\r", " ", "\n", " ", "|", "¦").Replace(text)
	return "`" + text + "`"
}

// plain is text in which nothing is markup, and nobody is mentioned.
func plain(text string) string {
	return strings.NewReplacer("<", "&lt;", ">", "&gt;", "|", "\\|", "[", "\\[", "\r", " ", "\n", " ", "@", "@\u200b").Replace(text)
}

// block is text as it stands, whatever is in it.
func block(text string) string {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + "\n" + text + "\n" + fence + "\n"
}

// cut is at most n bytes of text.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	n -= len("…")
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "…"
}

// section is a part of the comment.
type section struct {
	title string
	table string // the head of a table, where the lines are its rows
	lines []string
	fold  bool // shown by a click only
}

// around is what stands before and after the lines.
func (s section) around() (before, after string) {
	before, after = "\n### "+s.title+"\n\n", ""
	if s.fold {
		before, after = "\n<details><summary>"+s.title+"</summary>\n\n", "\n</details>\n"
	}
	if s.table != "" {
		before += s.table + "\n"
	}
	return before, after
}

// fit joins sections within a limit. What has no room is left out, from the end of
// its section, and that is said.
func fit(head string, sections []section, limit int) string {
	const note = "\n**%d lines are left out here**, as a comment holds no more: `pulumi preview` shows them.\n"
	var b strings.Builder
	b.WriteString(cut(head, limit/2))
	left, room := 0, limit-len(note)-10
	for _, s := range sections {
		if len(s.lines) == 0 {
			continue
		}
		before, after := s.around()
		fits, size := 0, b.Len()+len(before)+len(after)
		for fits < len(s.lines) && size+len(s.lines[fits])+1 <= room {
			size += len(s.lines[fits]) + 1
			fits++
		}
		left += len(s.lines) - fits
		if fits > 0 {
			b.WriteString(before + strings.Join(s.lines[:fits], "\n") + "\n" + after)
		}
	}
	if left > 0 {
		fmt.Fprintf(&b, note, left)
	}
	return b.String()
}
