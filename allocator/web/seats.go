package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/sse"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/access"
	"github.com/talmolab/lablink-infrastructure/api"
)

// liveInterval is how often a participant's page hears of the machine.
const liveInterval = 2 * time.Second

// seatLife is how long a browser remembers its seat.
const seatLife = 30 * 24 * time.Hour

func (s *server) seatOperations(a huma.API) {
	tags := []string{"participant"}
	own := []map[string][]string{{"seat": {}}}
	huma.Register(a, huma.Operation{
		OperationID: "claim-seat", Method: http.MethodPost, Path: "/api/v1/seats", Summary: "Claim a seat, or come back to it",
		Tags: tags, DefaultStatus: http.StatusCreated, Errors: []int{403, 404, 409, 422, 429},
		Responses: map[string]*huma.Response{"202": {Description: "A place in the queue: the seat gets a machine as soon as one is free"}},
	}, func(ctx context.Context, in *struct {
		requestInput
		Body api.Claim
	},
	) (*claimedSeat, error) {
		claimed, err := s.claim(in.request, in.Body)
		if err != nil {
			return nil, s.refuse(ctx, err)
		}
		status := http.StatusCreated
		if claimed.Seat.State == allocator.SeatQueued {
			status = http.StatusAccepted
		}
		return &claimedSeat{status, *s.seatCookie(claimed.Token), s.ownSeat(ctx, claimed.Seat, claimed.PIN)}, nil
	})
	huma.Register(a, huma.Operation{
		OperationID: "get-seat", Method: http.MethodGet, Path: "/api/v1/seats/current", Summary: "The seat that this browser holds",
		Tags: tags, Security: own, Errors: []int{404},
	}, func(ctx context.Context, in *ownSeat) (*body[api.Seat], error) {
		seat, err := s.Service.HeldSeat(ctx, s.seatToken(in.request), in.Seat)
		if err != nil {
			return nil, s.refuse(ctx, err)
		}
		return &body[api.Seat]{s.ownSeat(ctx, seat, seat.PINFor(s.seatToken(in.request)))}, nil
	})
	huma.Register(a, huma.Operation{
		OperationID: "extend-seat", Method: http.MethodPost, Path: "/api/v1/seats/current/extend", Summary: "Keep the machine for another session, from now",
		Tags: tags, Security: own, Errors: []int{404, 409},
	}, func(ctx context.Context, in *ownSeat) (*body[api.Seat], error) {
		seat, err := s.Service.ExtendSeat(ctx, s.seatToken(in.request), in.Seat)
		if err != nil {
			return nil, s.refuse(ctx, err)
		}
		return &body[api.Seat]{s.ownSeat(ctx, seat, seat.PINFor(s.seatToken(in.request)))}, nil
	})
	huma.Register(a, huma.Operation{
		OperationID: "leave-seat", Method: http.MethodDelete, Path: "/api/v1/seats/current", Summary: "Give the seat back",
		Tags: tags, Security: own, DefaultStatus: http.StatusNoContent, Errors: []int{404},
	}, func(ctx context.Context, in *ownSeat) (*struct{}, error) {
		if _, err := s.Service.LeaveSeat(ctx, s.seatToken(in.request), in.Seat); err != nil {
			return nil, s.refuse(ctx, err)
		}
		return nil, nil
	})
	sse.Register(a, huma.Operation{
		OperationID: "watch-seat", Method: http.MethodGet, Path: "/api/v1/seats/current/events", Summary: "How the machine is, every two seconds",
		Tags: tags, Security: own,
	}, map[string]any{"live": api.Live{}, "gone": api.Problem{}}, func(ctx context.Context, in *ownSeat, send sse.Sender) {
		s.watchSeat(ctx, in.request, in.Seat, func(_ allocator.Seat, live api.Live) error { return send.Data(live) }, func(err error) {
			_ = send.Data(*s.asProblem(ctx, err))
		})
	})
}

// ownSeat says which of the browser's seats is meant.
type ownSeat struct {
	requestInput
	Seat string `query:"seat" maxLength:"64" doc:"The seat's id; absent: the one that this browser used last"`
}

// claim claims a seat for the browser that a request comes from.
func (s *server) claim(r *http.Request, c api.Claim) (allocator.Claimed, error) {
	if err := s.limits.claim(r, c.Code); err != nil {
		return allocator.Claimed{}, err
	}
	return s.Service.ClaimFrom(r.Context(), c, s.seatToken(r), access.Network(remote(r)))
}

// claimedSeat is the answer to a claim.
type claimedSeat struct {
	Status    int
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      api.Seat
}

// look is how a seat and its machine are now.
func (s *server) look(ctx context.Context, seat allocator.Seat) api.Live {
	live := s.Service.Look(ctx, seat)
	live.Seat = s.ownSeat(ctx, seat, "")
	return live
}

// watchSeat tells how the machine of a browser's seat is until the browser is
// gone, and says goodbye when it holds the seat no longer. What cannot be read is tried
// again.
func (s *server) watchSeat(ctx context.Context, r *http.Request, id string, tell func(allocator.Seat, api.Live) error, gone func(error)) {
	tick := time.NewTicker(liveInterval)
	defer tick.Stop()
	for {
		seat, err := s.Service.HeldSeat(ctx, s.seatToken(r), id)
		switch {
		case api.CodeOf(err) == api.NotFound:
			gone(err)
			return
		case err != nil: // the database is away, which is no reason to show less
		case tell(seat, s.look(ctx, seat)) != nil:
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-s.stopping:
			return
		case <-tick.C:
		}
	}
}

// seatToken is what shows, in this browser, whose seat it is.
func (s *server) seatToken(r *http.Request) string {
	c, err := r.Cookie(s.seatKey)
	if err != nil {
		return ""
	}
	return c.Value
}

// seatCookie is what a browser keeps of a claim.
func (s *server) seatCookie(token string) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // secure where there is TLS
		Name: s.seatKey, Value: token, Path: "/", MaxAge: int(seatLife.Seconds()),
		HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode,
	}
}
