package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/web/live"
	"github.com/talmolab/lablink-infrastructure/allocator/web/words"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/viewer"
)

//go:embed templates/*.html
var templates embed.FS

// pages are the templates, by language and name; each is the layout with one page in it.
type pages struct {
	words      *words.Catalogue
	style      style
	byLanguage map[language.Tag]map[string]*template.Template
	viewer     map[language.Tag]viewer.Language
}

// newPages reads them; warn is how long before an end people are warned of it.
func newPages(warn time.Duration, loads assets) (*pages, error) {
	catalogue, err := words.New()
	if err != nil {
		return nil, err
	}
	return readPages(catalogue, warn, loads)
}

func readPages(catalogue *words.Catalogue, warn time.Duration, loads assets) (*pages, error) {
	p := &pages{catalogue, newStyle(loads["pages.css"]), map[language.Tag]map[string]*template.Template{}, map[language.Tag]viewer.Language{}}
	names, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("list the pages: %w", err)
	}
	for _, in := range catalogue.Languages() {
		if p.viewer[in], err = viewerWords(in, catalogue.Say(in)); err != nil {
			return nil, fmt.Errorf("read what the viewer says: %w", err)
		}
		p.byLanguage[in] = map[string]*template.Template{}
		for _, name := range names {
			t, err := readPage(name, catalogue.Say(in), template.FuncMap{
				"soon":  func(end *time.Time) bool { return end != nil && time.Until(*end) < warn },
				"asset": loads.url,
			})
			if err != nil {
				return nil, fmt.Errorf("read the page %s: %w", name, err)
			}
			p.byLanguage[in][name[len("templates/"):]] = t
		}
	}
	return p, nil
}

func readPage(name string, say sayer, more template.FuncMap) (*template.Template, error) {
	t := template.New("layout.html")
	more["live"] = func(part, address string, data any) (template.HTML, error) { return liveRegion(t, part, address, data) }
	return t.Funcs(functions).Funcs(administering).Funcs(speaking(say)).Funcs(more).ParseFS(templates, "templates/layout.html", "templates/parts.html", name)
}

// of is a page in the language of whoever asks.
func (p *pages) of(r *http.Request, name string) (language.Tag, *template.Template) {
	in := p.words.Best(r.Header.Get("Accept-Language"))
	return in, p.byLanguage[in][name]
}

var functions = template.FuncMap{
	"gib":     func(bytes uint64) string { return fmt.Sprintf("%.0f GiB", float64(bytes)/(1<<30)) },
	"gibs":    func(bytes *uint64) string { return fmt.Sprintf("%.1f GiB", float64(*bytes)/(1<<30)) },
	"watts":   func(watts *float64) string { return fmt.Sprintf("%.0f W", *watts) },
	"when":    func(t time.Time) template.HTML { return shownTime(t, "") },
	"exactly": func(t time.Time) template.HTML { return shownTime(t, " data-exactly") },
	"timed":   timed,
	"usd":     func(usd float64) string { return fmt.Sprintf("$%.2f", usd) },
	"rate":    func(usd float64) string { return fmt.Sprintf("$%.3f", usd) }, // as caps compare it
	"minutes": func(until time.Time) int { return max(1, int(time.Until(until).Round(time.Minute).Minutes())) },
	"may":     may,
	"part":    live.Begin, "done": live.End,
	// tunnelled reports whether a machine in a state should have its tunnel up.
	"tunnelled": func(state string) bool { return tunnelled(allocator.MachineState(state)) },
	"watchable": allocator.Watchable,
	"to":        func(seat, back, who string) addressee { return addressee{seat, back, who} },
	"percent":   func(part, whole int) int { return 100 * part / max(1, whole) },
}

// shownTime is a time, which the page's scripts show in the zone of whoever looks, exactly to
// the second where that is said.
func shownTime(t time.Time, how string) template.HTML {
	return template.HTML(fmt.Sprintf(`<time datetime="%s"%s>%s</time>`, t.Format(time.RFC3339), how, t.Format("2006-01-02 15:04:05 MST"))) //nolint:gosec // made of a time only
}

// warning is how long before its end a participant is told of it, where the settings
// do not say it.
const warning = 5 * time.Minute

// view is what the layout knows of every page.
type view struct {
	Language language.Tag
	Page     string // its name
	User     string // who is logged in, or ""
	Here     string // the path of the page
	Role     allocator.Role
	Style    template.HTML // or "" where it is loaded
	Data     any
}

// render answers with a page.
func (s *server) render(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	var out bytes.Buffer
	p, _ := who(r.Context())
	in, page := s.pages.of(r, name)
	v := view{Language: in, Page: strings.TrimSuffix(name, ".html"), User: p.Name, Here: r.URL.Path, Role: p.Role, Style: s.pages.style.in(name, w.Header()), Data: data}
	if err := page.ExecuteTemplate(&out, "layout.html", v); err != nil {
		s.Log.ErrorContext(r.Context(), "a page cannot be shown", "page", name, "error", err)
		http.Error(w, "This page cannot be shown. It was written down as "+requestID(r.Context())+".", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Add("Vary", "Accept-Language")
	compressed(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = out.WriteTo(w)
	})).ServeHTTP(w, r)
}

// fragment renders one part of a page.
func (s *server) fragment(r *http.Request, page, part string, data any) (string, error) {
	var out bytes.Buffer
	_, t := s.pages.of(r, page)
	err := t.ExecuteTemplate(&out, part, data)
	return out.String(), err
}

// sessionUser is who is logged in, or "".
func (s *server) sessionUser(r *http.Request) string {
	p, err := who(r.Context())
	if err != nil {
		return ""
	}
	return p.Actor()
}

func (s *server) routePages(mux *routes) {
	mux.Handle("GET /assets/", compressed(s.assets))
	mux.HandleFunc("GET /assets/viewer.js", viewer.Asset)
	mux.HandleFunc("GET /assets/viewer.css", viewer.Asset)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { s.render(w, r, http.StatusOK, "home.html", nil) })
	mux.HandleFunc("GET /join", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/join/"+url.PathEscape(r.URL.Query().Get("code")), http.StatusSeeOther)
	})
	mux.HandleFunc("GET /join/{code}", s.joinPage)
	mux.HandleFunc("POST /join/{code}", s.join)
	mux.HandleFunc(desktopPath, s.desktop)
	mux.HandleFunc("GET /seat", s.seatPage)
	mux.HandleFunc("GET /seat/live", s.seatLive)
	mux.HandleFunc("GET /seat/connect", s.connectPage)
	mux.HandleFunc("POST /seat/connect", s.connect)
	mux.HandleFunc("POST /seat/leave", s.leave)
	mux.HandleFunc("POST /seat/extend", s.extend)
	mux.HandleFunc("GET /admin/login", func(w http.ResponseWriter, r *http.Request) {
		s.render(w, r, http.StatusOK, "login.html", s.loginView(r.URL.Query().Get("next"), nil))
	})
	mux.HandleFunc("POST /admin/login", s.loginForm)
	mux.HandleFunc("POST /admin/logout", s.forStaff(s.logoutForm))
	mux.HandleFunc("GET /admin", s.forStaff(s.adminPage))
	mux.HandleFunc("GET /admin/live", s.forStaff(s.adminLive))
	mux.HandleFunc("POST /admin/workshops", s.forStaff(s.formOnce(s.openForm, "/admin")))
	mux.HandleFunc("GET /admin/workshops/{id}", s.forStaff(s.workshopPage))
	mux.HandleFunc("GET /admin/workshops/{id}/live", s.forStaff(s.workshopLive))
	mux.HandleFunc("POST /admin/workshops/{id}/end", s.forStaff(s.endForm))
	s.routeRooms(mux)
	mux.HandleFunc("POST /admin/workshops/{id}/change", s.forStaff(s.changeForm))
	s.routeEndingSchedules(mux)
	s.routeHands(mux)
	mux.HandleFunc("POST /admin/operations/{id}/cancel", s.forStaff(s.cancelForm))
	s.routeJoins(mux)
	s.routeSignOn(mux)
	s.routeAccount(mux)
	s.routeUsers(mux)
	s.routeAdministration(mux)
	mux.HandleFunc("GET "+metricsPath, s.metricsByToken)
	mux.HandleFunc("/", s.nowhere)
}

// nowhere answers who asks for a page that there is not.
func (s *server) nowhere(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, api.Problemf(api.NotFound, "There is no such page", "Check the address for a typing mistake."))
}
