package web

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"
)

// carrying are the pages that have their style in them: those that participants see first,
// on whatever connection they have. A browser shows them as soon as they are there, and
// staff, who open many pages, loads the style once.
var carrying = map[string]bool{"home.html": true, "join.html": true, "seat.html": true, "problem.html": true}

// style is the style of all pages, as it stands in one.
type style struct {
	element template.HTML
	source  string // allows it, in the content security policy
}

// newStyle is the style that an asset has; none where there is none.
func newStyle(of asset) style {
	if len(of.raw) == 0 {
		return style{}
	}
	sum := sha256.Sum256(of.raw)
	return style{
		template.HTML("<style>" + string(of.raw) + "</style>"), //nolint:gosec // it came with the program
		"'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'",
	}
}

// in is the style as an element of a page, or "" where the page loads it. What the page may
// do then includes it.
func (s style) in(page string, h http.Header) template.HTML {
	if !carrying[page] || s.source == "" {
		return ""
	}
	h.Set(policy, strings.Replace(h.Get(policy), "style-src 'self'", "style-src "+s.source, 1))
	return s.element
}
