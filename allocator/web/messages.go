package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/api"
)

// messageOperation tells everybody in a workshop something.
func (s *server) messageOperation(a huma.API) {
	staff(s, a, "message-workshop", http.MethodPost, "/api/v1/workshops/{id}/message", "Tell all who are in a workshop something, on their pages; who joins later is not told", 0,
		func(ctx context.Context, user string, in *idAnd[api.Message]) (*body[api.Told], error) {
			n, err := s.Service.MessageWorkshop(ctx, user, in.ID, in.Body.Text)
			return &body[api.Told]{api.Told{People: n}}, err
		})
}

// messageForm is the same, of the workshop's page.
func (s *server) messageForm(w http.ResponseWriter, r *http.Request) {
	text, err := messageOf(r)
	told := 0
	if err == nil {
		told, err = s.Service.MessageWorkshop(r.Context(), s.sessionUser(r), r.PathValue("id"), text)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	of := "told"
	if strings.TrimSpace(text) == "" {
		of = "taken"
	}
	http.Redirect(w, r, "/admin/workshops/"+r.PathValue("id")+"?"+of+"="+strconv.Itoa(told), http.StatusSeeOther)
}

// addressee is whom a form tells something, or a link leads to give back the seat of.
type addressee struct {
	Seat string // its id
	Back string // the page that the form stands on
	Who  string
}

// messageOf is what staff wants to tell somebody.
func messageOf(r *http.Request) (string, error) {
	text := strings.ReplaceAll(r.PostFormValue("text"), "\r\n", "\n") // as browsers count it
	if utf8.RuneCountInString(text) > maxMessage {
		return "", api.Problemf(api.Invalid, "The message is too long", "It may have %d characters.", maxMessage)
	}
	return text, nil
}

// lengthenForm lets a seat go on for a while, whoever waits.
func (s *server) lengthenForm(r *http.Request) error {
	minutes, err := strconv.Atoi(r.PostFormValue("minutes"))
	if err != nil || minutes < 1 || minutes > 24*60 {
		return api.Problemf(api.Invalid, "For how long?", "Choose between a minute and a day.")
	}
	shown, err := time.Parse(time.RFC3339Nano, r.PostFormValue("from"))
	if err != nil && r.PostFormValue("from") != "" {
		return api.Problemf(api.Invalid, "It is not said when the seat ends", "Load the page again, and try once more.")
	}
	_, err = s.Service.LengthenSeat(r.Context(), s.sessionUser(r), r.PathValue("id"), shown, minutes)
	return err
}
