package agent

import "fmt"

// What is logged of a command's output: the lines at its beginning, and those at its end.
const (
	firstLines = 500
	lastLines  = 100
)

// output passes on what a command writes, without the middle of what is long.
type output struct {
	say   func(line string)
	count int
	last  []string
}

func (o *output) add(line string) {
	o.count++
	if o.count <= firstLines {
		o.say(line)
		return
	}
	o.last = append(o.last, line)
	if len(o.last) > lastLines {
		o.last = o.last[1:]
	}
}

// end passes on the end.
func (o *output) end() {
	if left := o.count - firstLines - len(o.last); left > 0 {
		o.say(fmt.Sprintf("(%d lines are left out here)", left))
	}
	for _, line := range o.last {
		o.say(line)
	}
}
