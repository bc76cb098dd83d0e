package web

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// desktopPath is where a participant's machine is, below which its agent answers.
const desktopPath = "/desktop/"

// own begins the names of headers that the allocator sets for agents: from a browser
// they are taken away.
const own = "Lablink-"

// desktop passes a participant's request on to the machine that they hold.
func (s *server) desktop(w http.ResponseWriter, r *http.Request) {
	framed(w.Header())
	seat, err := s.desktopSeat(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	says, err := s.sayWords(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	token := s.seatToken(r)
	s.while(r.Context(), func(ctx context.Context) bool {
		now, err := s.Service.HeldSeat(ctx, token, seat.ID)
		return api.CodeOf(err) != api.NotFound && (err != nil || now.Session() == seat.Session())
	}, func(ctx context.Context) { s.pass(patient{w}, r.WithContext(ctx), seat.MachineID, says, nil) })
}

// patient lets an answer go on for as long as the browser takes what comes.
type patient struct{ http.ResponseWriter }

// Write passes something on.
func (p patient) Write(raw []byte) (int, error) {
	_ = http.NewResponseController(p.ResponseWriter).SetWriteDeadline(time.Now().Add(patience))
	return p.ResponseWriter.Write(raw)
}

// Unwrap lets http.ResponseController through.
func (p patient) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// imagePolicy is what the page of a desktop's image may do, which is not LabLink's: it has
// scripts and styles in its page, and programs for pictures. What it fetches is this site's
// alone, but it may lead the browser elsewhere and speak by WebRTC, which no policy forbids.
// What a machine shows could have its scripts in files as well.
const imagePolicy = "default-src 'none'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"

// pass passes a request on to a machine's agent, with what the allocator says beside.
// Accept may refuse the answer. It is optional.
func (s *server) pass(w http.ResponseWriter, r *http.Request, machine string, says http.Header, accept func(*http.Response) error) {
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			toAgent(p)
			maps.Copy(p.Out.Header, says)
		},
		Transport: s.Machine(machine), FlushInterval: -1,
		ModifyResponse: func(res *http.Response) error {
			image := accept == nil && res.Header.Get(api.PageHeader) == api.ImagePage
			fromAgent(res.Header)
			hardened(w.Header()) // again: an answer before the answer (1xx) takes all headers away
			if accept != nil {
				return accept(res)
			}
			framed(w.Header())
			if image {
				w.Header().Set(policy, imagePolicy)
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			s.fail(w, r, s.desktopFailed(r, machine, err))
		},
	}
	proxy.ServeHTTP(w, r)
}

// while does what goes on between a browser and a machine, and cuts it once that may not go
// on: the machine is not that of the seat any more, or who sees it may not. What cannot be
// read now is read again.
func (s *server) while(ctx context.Context, may func(context.Context) bool, do func(context.Context)) {
	ctx, stop := context.WithCancel(ctx)
	var watched sync.WaitGroup
	defer watched.Wait()
	defer stop()
	watched.Go(func() {
		tick := time.NewTicker(liveInterval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-s.stopping: // the browser opens it again, from the allocator that is there then
				stop()
				return
			case <-tick.C:
			}
			if !may(ctx) {
				stop()
				return
			}
		}
	})
	do(ctx)
}

// desktopSeat is the seat whose machine a request is for. A page of another site may
// not open a stream to it: browsers ask nobody before they do. Nor may its own page
// leave a program in the browser, which would be there still after the machine is not.
func (s *server) desktopSeat(r *http.Request) (allocator.Seat, error) {
	if err := ownPage(r); err != nil {
		return allocator.Seat{}, err
	}
	if r.Header.Get("Service-Worker") != "" {
		return allocator.Seat{}, api.Problemf(api.Forbidden, "A desktop runs nothing in the background", "Its page would answer for the next machine, too.")
	}
	if p, err := who(r.Context()); err == nil && p.Name != "" {
		return allocator.Seat{}, api.Problemf(api.Forbidden, "You are logged in as staff here",
			"What a machine shows could act in your name on the other pages. Log out first, or open the desktop in another browser.")
	}
	seat, err := s.Service.SeatOf(r.Context(), s.seatToken(r))
	if err == nil && seat.State == allocator.SeatQueued {
		err = api.Problemf(api.Conflict, "You have no machine yet", "You are number %d in the queue, and get one as soon as one is free.", seat.Position)
	}
	return seat, err
}

// apart refuses to log somebody in where a seat's desktop may be open: its page would act in
// their name from then on. It is desktopSeat's other side.
func (s *server) apart(ctx context.Context, token string) error {
	seat, err := s.Service.SeatOf(ctx, token)
	switch {
	case api.CodeOf(err) == api.NotFound:
		return nil
	case err != nil:
		return err
	case seat.State == allocator.SeatQueued:
		return nil
	}
	return api.Problemf(api.Forbidden, "This browser holds a seat",
		"What its machine shows could act in your name on the other pages. Leave the seat on its page, /seat, and close its desktop, or log in with another browser.")
}

// ownPage refuses a stream that a page of another site opens.
func ownPage(r *http.Request) error {
	if from := r.Header.Get("Origin"); from != "" && r.Header.Get("Upgrade") != "" {
		if u, err := url.Parse(from); err != nil || u.Host != r.Host {
			return api.Problemf(api.Forbidden, "The request came from another site", "Open LabLink itself and do it there.")
		}
	}
	return nil
}

// notForAgents are headers by which a browser shows the allocator who it is and from
// which page it comes: that was checked here.
var notForAgents = []string{"Authorization", "Cookie", "Origin"}

// toAgent makes of a browser's request one for an agent.
func toAgent(p *httputil.ProxyRequest) {
	p.Out.URL.Scheme, p.Out.URL.Host, p.Out.Host = "http", "agent", "agent"
	for name := range p.Out.Header {
		if strings.HasPrefix(name, own) || slices.Contains(notForAgents, name) {
			p.Out.Header.Del(name)
		}
	}
}

// notFromAgents are headers by which a machine would tell a browser more than what its
// own page is: they count for all that the allocator serves, and are kept.
var notFromAgents = []string{
	"Set-Cookie", "Clear-Site-Data", "Service-Worker-Allowed", "Strict-Transport-Security", "Alt-Svc", "Nel", "Report-To", "Reporting-Endpoints",
	"Referrer-Policy", "X-Content-Type-Options", "X-Request-Id",
}

// fromAgent takes away what a machine may not say to a browser: whoever has root on it
// chooses its answers.
func fromAgent(h http.Header) {
	for name := range h {
		if strings.HasPrefix(name, own) || strings.HasPrefix(name, "Access-Control-") || slices.Contains(notFromAgents, name) {
			h.Del(name)
		}
	}
}

// desktopFailed is what is said when a machine did not answer.
func (s *server) desktopFailed(r *http.Request, machine string, err error) error {
	var p *api.Problem
	if errors.As(err, &p) {
		return p
	}
	if !errors.Is(r.Context().Err(), context.Canceled) {
		s.Log.WarnContext(r.Context(), "a machine did not answer its participant", "machine", machine, "error", err)
	}
	return allocator.NotConnected()
}
