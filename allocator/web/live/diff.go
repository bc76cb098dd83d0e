package live

import (
	"slices"
	"strings"
)

// Whole is all of a part, for an element on the page that has its id.
func (p *Page) Whole() string {
	return `<template><div id="` + p.id + `" hx-swap-oob="within">` + p.HTML() + `</div></template>`
}

// Diff is what makes before look like after. It is empty where they are the same.
func Diff(before, after *Page) string {
	var out strings.Builder
	if !before.become(after, &out) {
		return after.Whole()
	}
	return out.String()
}

// become writes what makes a part look like another one, without writing it anew. It
// reports whether that goes.
func (p *Page) become(after *Page, out *strings.Builder) bool {
	if !slices.Equal(p.texts(), after.texts()) {
		return false
	}
	if !slices.Equal(p.order(), after.order()) && !p.rearrange(after, out) {
		return false
	}
	for _, i := range after.items {
		if i.part == nil || p.inner[i.part.id] == nil {
			continue
		}
		var inner strings.Builder
		if p.inner[i.part.id].become(i.part, &inner) {
			out.WriteString(inner.String())
		} else {
			out.WriteString(i.part.swapped("become"))
		}
	}
	return true
}

// texts are a part's own words, without the space between the parts in it.
func (p *Page) texts() (all []string) {
	for _, i := range p.items {
		if strings.TrimSpace(i.text) != "" {
			all = append(all, i.text)
		}
	}
	return all
}

// place is where a part stands: in which of the gaps between the words.
type place struct {
	gap int
	id  string
}

func (p *Page) order() (all []place) {
	gap := 0
	for _, i := range p.items {
		switch {
		case i.part != nil:
			all = append(all, place{gap, i.part.id})
		case strings.TrimSpace(i.text) != "":
			gap++
		}
	}
	return all
}

// rearrange takes parts away that are gone, and puts new ones beside those that stay. It
// reports whether that goes: something of each gap stays, in its order.
func (p *Page) rearrange(after *Page, out *strings.Builder) bool {
	before, now := p.order(), after.order()
	missing := func(from []place) func(place) bool {
		return func(x place) bool { return !slices.Contains(from, x) }
	}
	kept := slices.DeleteFunc(slices.Clone(before), missing(now))
	if !slices.Equal(kept, slices.DeleteFunc(slices.Clone(now), missing(before))) {
		return false
	}
	for _, gone := range before {
		if !slices.Contains(kept, gone) {
			out.WriteString(`<div id="` + gone.id + `" hx-swap-oob="delete"></div>`)
		}
	}
	for i, new := range now {
		if slices.Contains(kept, new) {
			continue
		}
		var beside string
		if i > 0 && now[i-1].gap == new.gap {
			beside = "after:#" + now[i-1].id
		} else if next := slices.IndexFunc(kept, func(k place) bool { return k.gap == new.gap }); next >= 0 {
			beside = "before:#" + kept[next].id
		} else {
			return false
		}
		out.WriteString(after.inner[new.id].swapped(beside))
	}
	return true
}

// swapped is a part as an element that says how it is swapped.
func (p *Page) swapped(how string) string {
	html := strings.TrimSpace(p.HTML())
	name := strings.IndexAny(html, " \t\n>")
	if name < 0 {
		return ""
	}
	return "<template>" + html[:name] + ` hx-swap-oob="` + how + `"` + html[name:] + "</template>"
}
