package web

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/talmolab/lablink-infrastructure/api"
)

// formOnce lets what a form creates be created once, however often somebody presses its
// button: each page has a key of its own. With other values it is another form; a
// page from before there were keys has none.
func (s *server) formOnce(next http.HandlerFunc) http.HandlerFunc {
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
		of.form = true
		s.carryOut(next, w, r, of)
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
