package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/viewer"
)

// watchPage shows a participant's desktop to staff. The page is the allocator's own: what
// comes from the machine is the stream of pictures alone.
func (s *server) watchPage(w http.ResponseWriter, r *http.Request) {
	seat, err := s.Service.Watched(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	viewer.Page(w, viewer.View{
		Title: "Desktop of " + seat.Email, Stream: "/admin/seats/" + seat.ID + "/watch/stream", Back: "/admin/workshops/" + seat.WorkshopID,
		Assets: "/assets/", Watch: true,
	})
}

// watchStream passes the stream of a desktop on to who watches it. The agent is told that
// they only watch, and takes nothing else from them. Of the machine's answers the browser
// gets no other than a stream: a page or a program would act in the name of who watches.
func (s *server) watchStream(w http.ResponseWriter, r *http.Request) {
	seat, err := s.Service.Watched(r.Context(), r.PathValue("id"))
	if err == nil {
		err = ownPage(r)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		w.Header().Set("Upgrade", "websocket")
		w.WriteHeader(http.StatusUpgradeRequired)
		return
	}
	s.while(r.Context(), func(ctx context.Context) bool { return s.mayWatch(ctx, r, seat) }, func(ctx context.Context) {
		of := r.Clone(ctx)
		of.URL.Path, of.URL.RawPath, of.URL.RawQuery = desktopPath+"stream", "", ""
		s.pass(w, of, seat.MachineID, http.Header{api.ViewHeader: {api.ViewOnly}}, func(res *http.Response) error {
			if res.StatusCode != http.StatusSwitchingProtocols {
				return api.Problemf(api.Unavailable, "The desktop cannot be watched now", "Its machine answered with %d. It is tried again by itself.", res.StatusCode)
			}
			s.Service.TellWatched(ctx, s.sessionUser(r), seat)
			return nil
		})
	})
}

// mayWatch reports whether who asked may watch a seat still: it has its machine, and they
// are logged in.
func (s *server) mayWatch(ctx context.Context, asked *http.Request, seat allocator.Seat) bool {
	code := api.CodeOf(s.stillIn(asked))
	now, err := s.Service.Watched(ctx, seat.ID)
	gone := api.CodeOf(err) == api.NotFound || api.CodeOf(err) == api.Conflict || err == nil && now.Session() != seat.Session()
	return !gone && code != api.Unauthorized && code != api.Forbidden
}
