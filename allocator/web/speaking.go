package web

import (
	"fmt"
	"html/template"

	"github.com/talmolab/lablink-infrastructure/api"
)

// sayer says a message of the catalogue: its id, and then names and values by turns.
type sayer func(id string, named ...any) (template.HTML, error)

// speaking are the functions of templates that say something. Their words are the
// catalogue's, as those of the templates.
func speaking(say sayer) template.FuncMap {
	return template.FuncMap{
		"t":       say,
		"lasting": func(seconds any) (template.HTML, error) { return lasting(say, seconds) },
		"sized":   func(bytes int64) (template.HTML, error) { return sized(say, bytes) },
		"hosting": func(h *api.Host) (template.HTML, error) { return hosting(say, h) },
	}
}

// lasting is a time of so many seconds, or of none, for people.
func lasting(say sayer, seconds any) (template.HTML, error) {
	n := 0
	switch s := seconds.(type) {
	case int:
		n = s
	case *int:
		n = *s
	}
	switch {
	case n < 60:
		return say("lasting.seconds", "Count", n)
	case n < 3600:
		return say("lasting.minutes", "Count", n/60)
	}
	return say("lasting.hours", "Hours", n/3600, "Minutes", n%3600/60)
}

// sized is a number of bytes, for people.
func sized(say sayer, bytes int64) (template.HTML, error) {
	in := func(unit float64) string { return fmt.Sprintf("%.1f", float64(bytes)/unit) }
	switch {
	case bytes < 1000:
		return say("sized.bytes", "Count", bytes)
	case bytes < 1_000_000:
		return say("sized.kilo", "Number", in(1000))
	case bytes < 1_000_000_000:
		return say("sized.mega", "Number", in(1_000_000))
	}
	return say("sized.giga", "Number", in(1_000_000_000))
}

// hosting is what a machine is like, for people.
func hosting(say sayer, h *api.Host) (template.HTML, error) {
	gib := func(bytes *uint64) string { return fmt.Sprintf("%.1f", float64(*bytes)/(1<<30)) }
	var out template.HTML
	add := func(said template.HTML, err error) error {
		if out != "" {
			out += " · "
		}
		out += said
		return err
	}
	var err error
	if h.DiskFree != nil && h.DiskTotal != nil {
		err = add(say("hosting.disk", "Free", gib(h.DiskFree), "Total", gib(h.DiskTotal)))
	}
	if err == nil && h.MemoryAvailable != nil && h.MemoryTotal != nil {
		err = add(say("hosting.memory", "Free", gib(h.MemoryAvailable), "Total", gib(h.MemoryTotal)))
	}
	if err == nil && h.Load != nil {
		err = add(say("hosting.load", "Load", fmt.Sprintf("%.1f", *h.Load), "Count", h.CPUs))
	}
	return out, err
}
