package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/roster"
)

// mostRoster is how large a file of addresses may be, as on the pages.
const mostRoster = 1 << 20

// invited are the addresses that were named, and those in a file; "-" is what comes in.
func (g *Globals) invited(named []string, file string) ([]string, error) {
	if file == "" {
		return named, nil
	}
	raw, err := g.read(file)
	if err != nil {
		return nil, fmt.Errorf("read who is invited: %w", err)
	}
	if len(raw) > mostRoster {
		return nil, api.Problemf(api.Invalid, "The file of addresses is too large", "It may have a MiB.")
	}
	listed, err := roster.Table(raw)
	if err == nil {
		err = listed.Complain("In the file " + file)
	}
	return append(named, listed.Addresses...), err
}

// read reads a file, or what comes in, as far as it may go.
func (g *Globals) read(file string) ([]byte, error) {
	in := g.In
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer opened.Close()
		in = opened
	}
	return io.ReadAll(io.LimitReader(in, mostRoster+1))
}
