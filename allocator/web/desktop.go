package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"

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
	seat, err := s.desktopSeat(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:   toAgent,
		Transport: s.Machine(seat.MachineID), FlushInterval: -1,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			s.fail(w, r, s.desktopFailed(r, seat.MachineID, err))
		},
	}
	proxy.ServeHTTP(w, r)
}

// desktopSeat is the seat whose machine a request is for. A page of another site may
// not open a stream to it: browsers ask nobody before they do.
func (s *server) desktopSeat(r *http.Request) (allocator.Seat, error) {
	if from := r.Header.Get("Origin"); from != "" && r.Header.Get("Upgrade") != "" {
		if u, err := url.Parse(from); err != nil || u.Host != r.Host {
			return allocator.Seat{}, api.Problemf(api.Forbidden, "The request came from another site", "Open LabLink itself and do it there.")
		}
	}
	seat, err := s.Service.SeatOf(r.Context(), s.seatToken(r))
	if err == nil && seat.State == allocator.SeatQueued {
		err = api.Problemf(api.Conflict, "You have no machine yet", "You are number %d in the queue, and get one as soon as one is free.", seat.Position)
	}
	return seat, err
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
