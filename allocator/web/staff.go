package web

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/api"
)

// body is an answer that is one JSON value.
type body[T any] struct{ Body T }

type idInput struct {
	ID string `path:"id" maxLength:"64"`
}

// requestInput gives an operation the request it came in.
type requestInput struct{ request *http.Request }

// Resolve remembers the request's parts that huma does not pass on.
func (in *requestInput) Resolve(ctx huma.Context) []error {
	in.request = (&http.Request{Host: ctx.Host(), RemoteAddr: ctx.RemoteAddr(), Header: http.Header{}}).WithContext(ctx.Context())
	if v := ctx.Header("Cookie"); v != "" {
		in.request.Header.Set("Cookie", v)
	}
	return nil
}

func (s *server) staffOperations(a huma.API) {
	huma.Register(a, huma.Operation{
		OperationID: "log-in", Method: http.MethodPost, Path: "/api/v1/sessions", Summary: "Log in", Tags: []string{"staff"},
		DefaultStatus: http.StatusNoContent, Errors: []int{401, 403, 422, 429},
	}, func(ctx context.Context, in *struct {
		requestInput
		Body api.Session
	},
	) (*struct{}, error) {
		if err := s.logIn(ctx, in.Body, remote(in.request), s.seatToken(in.request)); err != nil {
			return nil, s.refuse(ctx, err)
		}
		return nil, nil
	})
	staff(s, a, "log-out", http.MethodDelete, "/api/v1/sessions/current", "Log out", http.StatusNoContent,
		func(ctx context.Context, _ string, _ *struct{}) (*struct{}, error) {
			p, err := who(ctx)
			if err != nil {
				return nil, err
			}
			return nil, s.logOut(ctx, p)
		})
	staff(s, a, "list-pools", http.MethodGet, "/api/v1/pools", "List the kinds of machines", 0,
		func(ctx context.Context, _ string, _ *struct{}) (*body[api.Page[api.Pool]], error) {
			pools, err := s.poolList(ctx)
			return &body[api.Page[api.Pool]]{api.Page[api.Pool]{Items: pools}}, err
		})
	s.workshopOperations(a)
	s.estimateOperation(a)
	s.messageOperation(a)
	s.machineOperations(a)
	s.seatsOfWorkshops(a)
	s.scheduleOperations(a)
	s.costOperations(a)
	s.workOperations(a)
	s.statsOperation(a)
	s.handOperations(a)
	s.exportOperations(a)
	s.joinOperations(a)
	s.userOperations(a)
	s.accountOperations(a)
}

func (s *server) seatsOfWorkshops(a huma.API) {
	staff(s, a, "list-seats", http.MethodGet, "/api/v1/seats", "List the seats of a workshop that have a machine or wait for one, first who asked first", 0,
		func(ctx context.Context, _ string, in *struct {
			Workshop string `query:"workshop" required:"true" maxLength:"64"`
		},
		) (*body[api.Page[api.Seat]], error) {
			all, err := s.Service.Store.Seats(ctx, in.Workshop)
			page := api.Page[api.Seat]{Items: []api.Seat{}}
			for _, seat := range all {
				page.Items = append(page.Items, s.seat(ctx, seat, ""))
			}
			return &body[api.Page[api.Seat]]{page}, err
		})
	staff(s, a, "release-seat", http.MethodPost, "/api/v1/seats/{id}/release", "Take a seat away; its machine goes to who waits", http.StatusNoContent,
		func(ctx context.Context, user string, in *idInput) (*struct{}, error) {
			return nil, s.Service.ReleaseSeat(ctx, user, in.ID)
		})
}

func (s *server) workshopOperations(a huma.API) {
	staff(s, a, "open-workshop", http.MethodPost, "/api/v1/workshops", "Open a workshop; its machines start in time for it", http.StatusCreated,
		func(ctx context.Context, user string, in *struct {
			requestInput
			Body api.NewWorkshop
		},
		) (*body[api.Workshop], error) {
			w, err := s.Service.OpenWorkshop(ctx, user, in.Body)
			return &body[api.Workshop]{s.workshop(in.request, w)}, err
		})
	staff(s, a, "get-workshop", http.MethodGet, "/api/v1/workshops/{id}", "One workshop", 0,
		func(ctx context.Context, _ string, in *struct {
			requestInput
			ID string `path:"id" maxLength:"64"`
		},
		) (*body[api.Workshop], error) {
			w, err := s.Service.Store.Workshop(ctx, in.ID)
			return &body[api.Workshop]{s.workshop(in.request, w)}, err
		})
	staff(s, a, "change-workshop", http.MethodPatch, "/api/v1/workshops/{id}", "Change an open workshop; what is absent stays", 0,
		func(ctx context.Context, user string, in *struct {
			requestInput
			ID   string `path:"id" maxLength:"64"`
			Body api.WorkshopChange
		},
		) (*body[api.Workshop], error) {
			w, err := s.Service.ChangeWorkshop(ctx, user, in.ID, in.Body)
			return &body[api.Workshop]{s.workshop(in.request, w)}, err
		})
	staff(s, a, "get-roster", http.MethodGet, "/api/v1/workshops/{id}/roster", "The addresses that may join a workshop", 0,
		func(ctx context.Context, _ string, in *idInput) (*body[api.Page[string]], error) {
			if _, err := s.Service.Store.Workshop(ctx, in.ID); err != nil {
				return nil, err
			}
			all, err := s.Service.Store.Roster(ctx, in.ID)
			return &body[api.Page[string]]{api.Page[string]{Items: append([]string{}, all...)}}, err
		})
	staff(s, a, "list-workshops", http.MethodGet, "/api/v1/workshops", "List workshops, newest first", 0,
		func(ctx context.Context, _ string, in *struct {
			requestInput
			After string `query:"after" maxLength:"64" doc:"The cursor from the page before"`
			Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
		},
		) (*body[api.Page[api.Workshop]], error) {
			all, err := s.Service.Store.Workshops(ctx, in.After, in.Limit)
			page := api.Page[api.Workshop]{Items: []api.Workshop{}}
			for _, w := range all {
				page.Items = append(page.Items, s.workshop(in.request, w))
			}
			if len(all) == in.Limit {
				page.Next = all[len(all)-1].ID
			}
			return &body[api.Page[api.Workshop]]{page}, err
		})
	staff(s, a, "end-workshop", http.MethodDelete, "/api/v1/workshops/{id}", "End a workshop and all its machines", http.StatusAccepted,
		func(ctx context.Context, user string, in *idInput) (*body[api.Operation], error) {
			op, err := s.Service.EndWorkshop(ctx, user, in.ID)
			return &body[api.Operation]{toOperation(op)}, err
		})
}

func (s *server) machineOperations(a huma.API) {
	staff(s, a, "list-machines", http.MethodGet, "/api/v1/machines", "List machines, oldest first", 0,
		func(ctx context.Context, _ string, in *struct {
			Workshop string `query:"workshop" maxLength:"64" doc:"Only those of this workshop"`
			Ended    bool   `query:"ended" doc:"Also those that have ended"`
		},
		) (*body[api.Page[api.Machine]], error) {
			all, err := s.Service.Store.Machines(ctx, in.Workshop, in.Ended)
			page := api.Page[api.Machine]{Items: []api.Machine{}}
			if err != nil {
				return nil, err
			}
			open, err := s.Service.Store.OpenWorkshops(ctx)
			ends := make(map[string]time.Time, len(open))
			for _, w := range open {
				ends[w.ID] = w.EndsAt
			}
			for _, m := range all {
				one := s.machine(m)
				one.Cost = s.machineCost(m, ends[m.WorkshopID])
				page.Items = append(page.Items, one)
			}
			return &body[api.Page[api.Machine]]{page}, err
		})
	staff(s, a, "terminate-machine", http.MethodPost, "/api/v1/machines/{id}/terminate", "End a machine", http.StatusAccepted,
		func(ctx context.Context, user string, in *idInput) (*body[api.Operation], error) {
			op, err := s.Service.TerminateMachine(ctx, user, in.ID)
			return &body[api.Operation]{toOperation(op)}, err
		})
	staff(s, a, "cancel-operation", http.MethodPost, "/api/v1/operations/{id}/cancel", "Cancel a launch that has not got all its machines; its workshop asks for no others for 15 minutes", http.StatusAccepted,
		func(ctx context.Context, user string, in *idInput) (*body[api.Operation], error) {
			op, err := s.Service.CancelOperation(ctx, user, in.ID)
			return &body[api.Operation]{toOperation(op)}, err
		})
	staff(s, a, "list-operations", http.MethodGet, "/api/v1/operations", "List operations, newest first", 0,
		func(ctx context.Context, _ string, in *listOperationsInput) (*body[api.Page[api.Operation]], error) {
			page, err := s.operations(ctx, *in)
			return &body[api.Page[api.Operation]]{page}, err
		})
}

// staff registers an operation that only somebody of staff may call, whose role
// allows it (see needs).
func staff[I, O any](s *server, a huma.API, id, method, path, summary string, status int, do func(ctx context.Context, user string, in *I) (*O, error)) {
	s.staffServed = append(s.staffServed, id)
	var params []*huma.Param
	if creates[id] {
		s.creating[method+" "+path] = id
		params = append(params, repeatParam())
	}
	huma.Register(a, huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"staff"}, DefaultStatus: status,
		Description: "Needs the role " + string(needs[id]) + ".", Security: []map[string][]string{{"staff": {}}, {"token": {}}}, Errors: errorsOf(id), Parameters: params,
	}, func(ctx context.Context, in *I) (*O, error) {
		p, err := allowed(ctx, id)
		if err != nil {
			return nil, s.refuse(ctx, err)
		}
		out, err := do(ctx, p.Actor(), in)
		if err != nil {
			return nil, s.refuse(ctx, err)
		}
		return out, nil
	})
}

// remote is the address that a request came from.
func remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
