package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/talmolab/lablink-infrastructure/api/roster"
)

// rosterOf reads the roster of a form. Invalid, with the lines, where some are not
// understood; what was read is returned all the same.
func rosterOf(r *http.Request, pasted, file string) ([]string, error) {
	all := roster.Pasted(r.PostFormValue(pasted))
	if err := all.Complain("In the addresses"); err != nil {
		return all.Addresses, err
	}
	raw, name, err := uploaded(r, file)
	if err != nil || len(raw) == 0 {
		return all.Addresses, err
	}
	listed, err := roster.Table(raw)
	if err == nil {
		err = listed.Complain("In the file " + name)
	}
	return append(all.Addresses, listed.Addresses...), err
}

// uploaded is a file of a form; nothing where none was chosen.
func uploaded(r *http.Request, field string) (raw []byte, name string, err error) {
	if r.MultipartForm == nil {
		return nil, "", nil
	}
	file, header, err := r.FormFile(field)
	if errors.Is(err, http.ErrMissingFile) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("read the file of a form: %w", err)
	}
	defer file.Close()
	raw, err = io.ReadAll(file)
	return raw, header.Filename, err
}
