package web

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/access"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

// Config is what the server serves.
type Config struct {
	Service *allocator.Service
	Guard   *access.Guard
	// Sessions keeps the sessions of staff.
	Sessions scs.CtxStore
	// Tunnel takes the tunnel of a machine's agent, until it ends.
	Tunnel func(w http.ResponseWriter, r *http.Request, machine string)
	// Machine reaches a machine's agent, wherever its tunnel is. Required where there
	// are machines.
	Machine func(machine string) http.RoundTripper
	// Checks are what must hold for the allocator to be ready.
	Checks []NamedCheck
	// Version and Release say what runs.
	Version, Release string
	// Deployed are the settings that the allocator was started with. Optional.
	Deployed deployed.Settings
	// Facts are what it knows of its process and host. Optional: nothing.
	Facts func(ctx context.Context) Facts
	// Rollout says what the host was told to run. Optional: nothing is told.
	Rollout func() api.Rollout
	// SignOn logs staff in at a provider. Optional: there is none.
	SignOn SignOn
	// Agent opens the agent's program for a platform. Optional: there is none.
	Agent func(ctx context.Context, platform string) (AgentFile, error)
	// Metrics answers Prometheus, on this computer or with a user's token. Optional.
	Metrics http.Handler
	// Answered hears of every answer: the pattern of its route and its status, 0 where
	// none was set. Optional.
	Answered func(route string, status int)
	// Secure is set where people come over TLS: cookies then travel over it only.
	Secure bool
	// TrustedProxies are the ranges of those who connect in the place of others and
	// name these in the header ClientAddressHeader. Nobody else is believed.
	TrustedProxies      []string
	ClientAddressHeader string
	// BalancedDomain is set where a load balancer, one of TrustedProxies, ends TLS:
	// who did not come to it over TLS is sent to this name.
	BalancedDomain string
	Log            *slog.Logger
}

// NamedCheck looks whether one thing holds.
type NamedCheck struct {
	Name  string
	Check func(ctx context.Context) error
	// Warning says that the allocator is ready without it: it is told only.
	Warning bool
}

// server answers requests.
type server struct {
	Config
	sessions *scs.SessionManager
	pages    *pages
	assets   assets
	seatKey  string // the name of the cookie
	stopping <-chan struct{}
	limits   limits
	bounds   bounds
	since    sinces
	names    sync.Map // workshop id → its name
	looks    looks
	// staffServed are the operations of staff, by their ids, and creating those that
	// create something, by their patterns.
	staffServed []string
	creating    map[string]string
}

// New makes the handler for all that the allocator serves. Answers that never
// end by themselves end when ctx does.
func New(ctx context.Context, c Config) (http.Handler, error) {
	s := &server{Config: c, seatKey: cookieName(c, "lablink_seat"), stopping: ctx.Done(), limits: newLimits(c.Service.Now), bounds: newBounds(c.Service.Now, c.Service.ReportInterval), creating: map[string]string{}}
	s.sessions = scs.New()
	s.sessions.Store = c.Sessions
	s.sessions.HashTokenInStore = true
	s.sessions.Lifetime = 12 * time.Hour
	s.sessions.Cookie.Name = cookieName(c, "lablink_session")
	s.sessions.Cookie.SameSite = http.SameSiteLaxMode
	s.sessions.Cookie.Secure = c.Secure
	s.sessions.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) { s.fail(w, r, err) }
	var err error
	if s.assets, err = readAssets(); err != nil {
		return nil, err
	}
	if s.pages, err = newPages(cmp.Or(c.Service.Sessions.Warn, warning), s.assets); err != nil {
		return nil, err
	}
	mux := &routes{ServeMux: http.NewServeMux()}
	s.routeAPI(mux)
	s.routePages(mux)
	mux.staff = append(mux.staff, s.staffServed...)
	if err := mux.check(); err != nil {
		return nil, err
	}
	proxies, err := newProxies(c.TrustedProxies, c.ClientAddressHeader)
	if err != nil {
		return nil, err
	}
	handler := proxies.uncover(s.measure(mux.ServeMux, s.middleware(s.once(mux))))
	if c.BalancedDomain != "" {
		handler = proxies.secure(c.BalancedDomain, handler)
	}
	return newWorkers(ctx.Done(), c.Log).serve(s.metrics(handler)), nil
}

// cookieName is a cookie's name. Over TLS it says that only this very site may
// set it, so that no neighbour can plant one.
func cookieName(c Config, name string) string {
	if c.Secure {
		return "__Host-" + name
	}
	return name
}

// routeAPI adds the operations of /api/v1 and their description.
func (s *server) routeAPI(mux *routes) {
	describeErrors()
	config := huma.DefaultConfig("LabLink", s.Version)
	config.OpenAPIPath = "/api/v1/openapi"
	config.DocsPath, config.SchemasPath = "", ""
	config.CreateHooks = nil // no links to schemas in the answers
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"staff": {Type: "apiKey", In: "cookie", Name: s.sessions.Cookie.Name, Description: "A session from POST /api/v1/sessions"},
		"token": {Type: "http", Scheme: "bearer", Description: "A token from POST /api/v1/tokens"},
		"seat":  {Type: "apiKey", In: "cookie", Name: s.seatKey, Description: "The cookie from POST /api/v1/seats"},
		"agent": {Type: "http", Scheme: "bearer", Description: "The secret from POST /api/v1/agents"},
	}
	a := humago.New(mux, config)
	s.staffOperations(a)
	s.seatOperations(a)
	s.connectOperation(a)
	s.agentOperations(a)
	s.logOperations(a)
	s.uploadOperation(a)
	s.setupOperation(a)
	describeRefusals(a.OpenAPI())
	mux.HandleFunc("GET "+api.TunnelPath("{id}"), s.tunnel)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /readyz", s.ready)
}

// passed reports whether the allocator can do its work: what warns only does not count.
func passed(checks []api.Check) bool {
	return !slices.ContainsFunc(checks, func(c api.Check) bool { return !c.OK && !c.Warning })
}

// ready says whether the allocator can do its work, and why not.
func (s *server) ready(w http.ResponseWriter, r *http.Request) {
	out := api.Ready{Version: s.Version, Release: s.Release}
	if s.Rollout != nil {
		out.Rollout = s.Rollout()
	}
	out.Checks = s.check(r.Context())
	out.Ready = passed(out.Checks)
	status := http.StatusOK
	if !out.Ready {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, "application/json", out)
}

// showsSession reports whether a request shows a session, whoever's it is.
func (s *server) showsSession(r *http.Request) bool {
	_, err := r.Cookie(s.sessions.Cookie.Name)
	return err == nil
}

// withSession loads the session of staff where one may be needed: agents have
// none, and a tunnel cannot be wrapped.
func (s *server) withSession(next http.Handler) http.Handler {
	loaded := s.sessions.LoadAndSave(s.recognize(next))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/v1/agents") || strings.HasPrefix(r.URL.Path, "/assets/") || strings.HasPrefix(r.URL.Path, desktopPath) && !s.showsSession(r) {
			next.ServeHTTP(w, r)
			return
		}
		loaded.ServeHTTP(w, r)
	})
}
