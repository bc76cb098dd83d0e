package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// formOnce lets what a form creates be created once, however often somebody presses its
// button: each page has a key of its own, and each press is answered the same, with a secret
// that is shown once too. With other values it is another form; a page from before there were
// keys has none. A browser gives up what it asked for when the button is pressed again, so
// it goes on without. Appears is the page where what is created appears, for when nobody knows
// the answer; "" where that is of no use.
func (s *server) formOnce(next http.HandlerFunc, appears string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, err := who(r.Context())
		if err == nil {
			err = readForm(r)
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		key := r.PostFormValue("once")
		if len(key) < shortestKey || len(key) > longestKey {
			next(w, r)
			return
		}
		of := newRepeat(p, key+" "+filled(r), r, nil)
		of.form, of.appears = true, appears
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
		defer cancel()
		s.carryOut(next, w, r.WithContext(ctx), of)
	}
}

// How often the answer to a form that was sent before is looked for, and for how long: what is
// left of patience is for its way.
const (
	awaits  = 100 * time.Millisecond
	awaited = patience - 5*time.Second
)

// beginForm begins to carry a form out, or waits for the answer that it gets meanwhile.
func (s *server) beginForm(ctx context.Context, a allocator.Answered) (was allocator.Answered, begun bool, err error) {
	long := time.After(awaited)
	for {
		was, begun, err = s.Service.Store.BeginAnswer(ctx, a)
		if err != nil || begun || was.Request != a.Request || was.Status != 0 || s.cutOff(was) {
			return was, begun, err
		}
		select {
		case <-ctx.Done():
			return was, false, ctx.Err()
		case <-s.stopping:
			return was, false, nil
		case <-long:
			return was, false, nil
		case <-time.After(awaits):
		}
	}
}

// readForm reads a form. Invalid for one that cannot be read as a whole: its fields would
// seem to be empty.
func readForm(r *http.Request) error {
	err := r.ParseMultipartForm(maxBody)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return api.Problemf(api.Invalid, "The file is too large", "A form with its file may have 1 MiB. Save the column with the addresses alone as CSV, or paste the addresses.")
	case err != nil && !errors.Is(err, http.ErrNotMultipart):
		return api.Problemf(api.Invalid, "The form did not come as a whole", "Go back, and send it again.")
	}
	return nil
}

// filled is what a form holds, its files by their names and sizes.
func filled(r *http.Request) string {
	out := r.PostForm.Encode()
	if r.MultipartForm == nil {
		return out
	}
	for field, files := range r.MultipartForm.File {
		for _, f := range files {
			out += fmt.Sprintf(" %s %q %d", field, f.Filename, f.Size)
		}
	}
	return out
}
