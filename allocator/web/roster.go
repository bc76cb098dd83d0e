package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/roster"
)

// rosterOf reads the roster of a form. Invalid, with the lines, where some are not
// understood; what was read is returned all the same. Who pastes something or chooses a file
// means to invite somebody: where that holds nobody it is Invalid too, as without a roster
// everybody may join.
func rosterOf(r *http.Request, pasted, file string) ([]string, error) {
	text := r.PostFormValue(pasted)
	all := roster.Pasted(text)
	if err := all.Complain("In the addresses"); err != nil {
		return all.Addresses, err
	}
	if strings.TrimSpace(text) != "" && len(all.Addresses) == 0 {
		return nil, api.Problemf(api.Invalid, "No addresses were found in what was pasted", "Write each as ann@example.org, or leave the field empty.")
	}
	raw, name, err := uploaded(r, file)
	switch {
	case err != nil || name == "":
		return all.Addresses, err
	case len(raw) == 0:
		return all.Addresses, api.Problemf(api.Invalid, "The file with the addresses is empty", "%s has nothing in it. Save it again and choose it anew, or choose none.", name)
	}
	listed, err := roster.Table(raw)
	if err == nil {
		err = listed.Complain("In the file " + name)
	}
	return append(all.Addresses, listed.Addresses...), err
}

// uploaded is a file of a form and what it is called; "" where none was chosen.
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
