package web

import (
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// way is where somebody may go on after something did not work, and the word for it.
type way struct{ Says, To string }

// onward are the ways from a page of what did not work: staff goes back to the workshop that
// they did it to, and participants to their seat, or to the page on which they join again.
func (s *server) onward(r *http.Request, p *api.Problem) (ways []way) {
	if by, err := who(r.Context()); err == nil && by.Name != "" || strings.HasPrefix(r.URL.Path, "/admin") {
		if id := r.PathValue("id"); id != "" && p.Code != api.NotFound && strings.HasPrefix(r.URL.Path, "/admin/workshops/") {
			ways = append(ways, way{"room", "/admin/workshops/" + url.PathEscape(id)})
		}
		return append(ways, way{"workshops", "/admin"})
	}
	if to, says := s.seatAgain(r, p); to != "" {
		ways = append(ways, way{says, to})
	}
	return append(ways, way{"start", "/"})
}

// seatAgain is where the participant's seat is, or where one of its workshop is asked for once
// that is given back; "" for who has none, and where both are of no use.
func (s *server) seatAgain(r *http.Request, p *api.Problem) (to, says string) {
	token := s.seatToken(r)
	switch {
	case token == "":
		return "", ""
	case !strings.HasPrefix(r.URL.Path, "/seat"):
		return "/seat", "seat"
	case p.Code == api.NotFound:
		if code := s.Service.JoinedBy(r.Context(), token); code != "" {
			return "/join/" + code, "join"
		}
	case r.Method == http.MethodPost: // what was asked for on the seat's page
		return "/seat?" + url.Values{"seat": {r.PostFormValue("seat")}}.Encode(), "seat"
	}
	return "", ""
}

// toldTime is a time as a problem of the allocator tells it, in allocator.TimeLayout.
var toldTime = regexp.MustCompile(`\d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC`)

// timed is a text with its times as all pages show them.
func timed(text string) template.HTML {
	return template.HTML(toldTime.ReplaceAllStringFunc(template.HTMLEscapeString(text), func(told string) string { //nolint:gosec // escaped
		at, err := time.Parse(allocator.TimeLayout, told)
		if err != nil {
			return told
		}
		return string(shownTime(at, ""))
	}))
}
