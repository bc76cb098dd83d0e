package process

import "bytes"

// longest is how much of a line is kept, in bytes.
const longest = 4000

// lines hands over what is written to it, line by line. Of a line that was written over,
// as by a progress bar, the last state counts.
type lines struct {
	say  func(line string)
	line []byte
}

// Write takes a part of the output.
func (l *lines) Write(part []byte) (int, error) {
	n := len(part)
	for {
		line, rest, ended := bytes.Cut(part, []byte("\n"))
		l.add(line)
		if !ended {
			return n, nil
		}
		l.end()
		part = rest
	}
}

// add adds to the line that has not ended, as much as is kept of it.
func (l *lines) add(part []byte) {
	part = bytes.TrimSuffix(part, []byte("\r")) // of a line's end, as Windows writes it
	if at := bytes.LastIndexByte(part, '\r'); at >= 0 {
		l.line, part = l.line[:0], part[at+1:]
	}
	l.line = append(l.line, part[:min(len(part), longest-len(l.line))]...)
}

// end hands the line over, if there is something in it.
func (l *lines) end() {
	if len(l.line) > 0 {
		l.say(string(l.line))
	}
	l.line = l.line[:0]
}
