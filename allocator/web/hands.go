package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/api"
)

type idAnd[T any] struct {
	ID   string `path:"id" maxLength:"64"`
	Body T
}

// handOperations are what an instructor does by hand to seats and machines.
func (s *server) handOperations(a huma.API) {
	staff(s, a, "move-seat", http.MethodPost, "/api/v1/seats/{id}/move", "Give a participant another machine", 0,
		func(ctx context.Context, user string, in *idInput) (*body[api.Seat], error) {
			seat, err := s.Service.MoveSeat(ctx, user, in.ID)
			return &body[api.Seat]{s.seat(ctx, seat, "")}, err
		})
	staff(s, a, "message-seat", http.MethodPost, "/api/v1/seats/{id}/message", "Tell a participant something, on their page", http.StatusNoContent,
		func(ctx context.Context, user string, in *idAnd[api.Message]) (*struct{}, error) {
			return nil, s.Service.MessageSeat(ctx, user, in.ID, in.Body.Text)
		})
	staff(s, a, "extend-seat-of", http.MethodPost, "/api/v1/seats/{id}/extend", "Let a seat end later, whoever waits", 0,
		func(ctx context.Context, user string, in *idAnd[api.Extension]) (*body[api.Seat], error) {
			seat, err := s.Service.LengthenSeat(ctx, user, in.ID, time.Time{}, in.Body.Minutes)
			return &body[api.Seat]{s.seat(ctx, seat, "")}, err
		})
	staff(s, a, "reboot-machine", http.MethodPost, "/api/v1/machines/{id}/reboot", "Boot a machine again; its participant gets another one", http.StatusAccepted,
		func(ctx context.Context, user string, in *idInput) (*body[api.Operation], error) {
			op, err := s.Service.RebootMachine(ctx, user, in.ID)
			return &body[api.Operation]{toOperation(op)}, err
		})
	staff(s, a, "drain-machine", http.MethodPost, "/api/v1/machines/{id}/drain", "End a machine after what was made on it is collected", http.StatusAccepted,
		func(ctx context.Context, user string, in *idInput) (*body[api.Operation], error) {
			op, err := s.Service.DrainMachine(ctx, user, in.ID)
			return &body[api.Operation]{toOperation(op)}, err
		})
	staff(s, a, "replace-machine", http.MethodPost, "/api/v1/machines/{id}/replace", "Let another machine take a machine's place; who holds it keeps it until that one is ready", http.StatusAccepted,
		func(ctx context.Context, user string, in *idInput) (*body[api.Machine], error) {
			m, err := s.Service.ReplaceMachine(ctx, user, in.ID)
			return &body[api.Machine]{s.machine(m)}, err
		})
	s.lookOperations(a)
}

// lookOperations tell more of one machine.
func (s *server) lookOperations(a huma.API) {
	staff(s, a, "get-timeline", http.MethodGet, "/api/v1/machines/{id}/timeline", "What became of a machine, oldest first", 0,
		func(ctx context.Context, _ string, in *idInput) (*body[api.Page[api.Change]], error) {
			if _, err := s.Service.Store.Machine(ctx, in.ID); err != nil {
				return nil, err
			}
			all, err := s.Service.Store.Timeline(ctx, in.ID)
			page := api.Page[api.Change]{Items: []api.Change{}}
			for _, c := range all {
				page.Items = append(page.Items, api.Change{At: c.At, From: string(c.From), To: string(c.To), Reason: c.Reason})
			}
			return &body[api.Page[api.Change]]{page}, err
		})
}

func (s *server) routeHands(mux *routes) {
	back := func(do func(r *http.Request) error) http.HandlerFunc {
		return s.forStaff(func(w http.ResponseWriter, r *http.Request) {
			if err := do(r); err != nil {
				s.fail(w, r, err)
				return
			}
			goBack(w, r, "/admin/workshops/"+r.PostFormValue("workshop")) // as pages of the release before say it
		})
	}
	mux.HandleFunc("POST /admin/seats/{id}/release", back(func(r *http.Request) error {
		return s.Service.ReleaseSeat(r.Context(), s.sessionUser(r), r.PathValue("id"))
	}))
	mux.HandleFunc("POST /admin/seats/{id}/move", back(func(r *http.Request) error {
		_, err := s.Service.MoveSeat(r.Context(), s.sessionUser(r), r.PathValue("id"))
		return err
	}))
	mux.HandleFunc("POST /admin/seats/{id}/message", back(func(r *http.Request) error {
		text, err := messageOf(r)
		if err != nil {
			return err
		}
		return s.Service.MessageSeat(r.Context(), s.sessionUser(r), r.PathValue("id"), text)
	}))
	mux.HandleFunc("POST /admin/seats/{id}/extend", back(s.lengthenForm))
	s.routeWatching(mux)
	mux.HandleFunc("POST /admin/machines/{id}/reboot", s.doTo("reboot", func(r *http.Request) (workshop string, err error) {
		op, err := s.Service.RebootMachine(r.Context(), s.sessionUser(r), r.PathValue("id"))
		return op.WorkshopID, err
	}))
	mux.HandleFunc("POST /admin/machines/{id}/replace", s.doTo("replace", func(r *http.Request) (workshop string, err error) {
		m, err := s.Service.ReplaceMachine(r.Context(), s.sessionUser(r), r.PathValue("id"))
		return m.WorkshopID, err
	}))
	mux.HandleFunc("POST /admin/machines/{id}/drain", s.doTo("drain", func(r *http.Request) (workshop string, err error) {
		op, err := s.Service.DrainMachine(r.Context(), s.sessionUser(r), r.PathValue("id"))
		return op.WorkshopID, err
	}))
	mux.HandleFunc("POST /admin/machines/{id}/terminate", s.doTo("terminate", func(r *http.Request) (workshop string, err error) {
		op, err := s.Service.TerminateMachine(r.Context(), s.sessionUser(r), r.PathValue("id"))
		return op.WorkshopID, err
	}))
}

// doTo does something to a machine of a workshop, and sends the browser back.
func (s *server) doTo(what string, do func(r *http.Request) (workshop string, err error)) http.HandlerFunc {
	return s.forStaff(func(w http.ResponseWriter, r *http.Request) {
		workshop, err := do(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		wasDone(w, r, "/admin/workshops/"+workshop, deed{what, r.PathValue("id")})
	})
}

// maxMessage is the longest message, in characters, as in the wire types.
const maxMessage = 500
