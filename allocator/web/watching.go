package web

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/viewer"
)

// seeing is a way in which staff sees a participant's desktop.
type seeing struct {
	path string // the last part of its page's
	view string // as an agent is told
	// tell tells the audit that it begins.
	tell func(s *allocator.Service, ctx context.Context, by string, seat allocator.Seat)
}

var (
	watching    = seeing{"watch", api.ViewOnly, (*allocator.Service).TellWatched}
	controlling = seeing{"control", api.ViewControl, (*allocator.Service).TellControlled}
)

// routeWatching adds the pages and streams of both.
func (s *server) routeWatching(mux *routes) {
	mux.HandleFunc("GET /admin/seats/{id}/watch", s.forStaff(s.see(watching)))
	mux.HandleFunc("GET /admin/seats/{id}/watch/stream", s.forStaff(s.seeStream(watching)))
	mux.HandleFunc("GET /admin/seats/{id}/control", s.forStaff(s.see(controlling)))
	mux.HandleFunc("GET /admin/seats/{id}/control/stream", s.forStaff(s.seeStream(controlling)))
	mux.HandleFunc("GET /admin/seats/{id}/preview", s.forStaff(s.preview))
}

// see shows a participant's desktop to staff. The page is the allocator's own: what comes
// from the machine is the stream of pictures alone.
func (s *server) see(how seeing) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		seat, err := s.Service.Watched(r.Context(), r.PathValue("id"))
		if err != nil {
			s.fail(w, r, err)
			return
		}
		at := "/admin/seats/" + seat.ID + "/"
		in := s.pages.words.Best(r.Header.Get("Accept-Language"))
		say := s.pages.words.Say(in)
		title, err := unescaped(say("viewer.of", "Who", seat.Email))
		if err != nil {
			s.fail(w, r, err)
			return
		}
		viewer.Page(w, viewer.View{
			Title: title, Language: s.pages.viewer[in], Stream: at + how.path + "/stream", Back: "/admin/workshops/" + seat.WorkshopID, Assets: "/assets/",
			Watch: how.view == api.ViewOnly, Control: how.view == api.ViewControl, TakeOver: at + controlling.path, OnlyWatch: at + watching.path,
		})
	}
}

// seeStream passes the stream of a desktop on to staff. The agent is told how they see it,
// and takes nothing else from them. Of the machine's answers the browser gets no other than a
// stream: a page or a program would act in the name of who watches.
func (s *server) seeStream(how seeing) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		seat, err := s.Service.Watched(r.Context(), r.PathValue("id"))
		if err == nil {
			err = ownPage(r)
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			if err := s.whyNot(r.Context(), seat.MachineID, how.view); err != nil {
				s.fail(w, r, err)
				return
			}
			w.Header().Set("Upgrade", "websocket")
			w.WriteHeader(http.StatusUpgradeRequired)
			return
		}
		s.while(r.Context(), func(ctx context.Context) bool { return s.mayWatch(ctx, r, seat) }, func(ctx context.Context) {
			of := r.Clone(ctx)
			of.URL.Path, of.URL.RawPath, of.URL.RawQuery = desktopPath+"stream", "", ""
			s.pass(w, of, seat.MachineID, http.Header{api.ViewHeader: {how.view}}, func(res *http.Response) error {
				if res.StatusCode != http.StatusSwitchingProtocols {
					return notWatched(res.StatusCode)
				}
				how.tell(s.Service, ctx, s.sessionUser(r), seat)
				return nil
			})
		})
	}
}

// Limits of what a machine says of why it cannot be watched.
const (
	whyTime = 10 * time.Second
	maxWhy  = 4 << 10
)

// whyNot asks an agent why it does not let a desktop be watched, which a browser does not
// learn from a stream that is refused. Nil if it would. A machine chooses no more of the
// answer than its words.
func (s *server) whyNot(ctx context.Context, machine, view string) error {
	ctx, cancel := context.WithTimeout(ctx, whyTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://agent"+desktopPath+"stream", nil)
	if err != nil {
		return err
	}
	req.Header.Set(api.ViewHeader, view)
	res, err := s.Machine(machine).RoundTrip(req)
	if err != nil {
		return allocator.NotConnected()
	}
	defer res.Body.Close()
	if res.StatusCode < http.StatusBadRequest || res.StatusCode == http.StatusUpgradeRequired {
		return nil
	}
	var said api.Problem
	if json.NewDecoder(io.LimitReader(res.Body, maxWhy)).Decode(&said) != nil || said.Title == "" {
		return notWatched(res.StatusCode)
	}
	return api.Problemf(api.Unavailable, said.Title, "%s", said.Detail)
}

func notWatched(status int) error {
	return api.Problemf(api.Unavailable, "The desktop cannot be watched now", "Its machine answered with %d. It is tried again by itself.", status)
}

// mayWatch reports whether who asked may watch a seat still: it has its machine, and they
// are logged in.
func (s *server) mayWatch(ctx context.Context, asked *http.Request, seat allocator.Seat) bool {
	out := shutOut(s.stillIn(asked))
	now, err := s.Service.Watched(ctx, seat.ID)
	gone := api.CodeOf(err) == api.NotFound || api.CodeOf(err) == api.Conflict || err == nil && now.Session() != seat.Session()
	return !gone && !out
}
