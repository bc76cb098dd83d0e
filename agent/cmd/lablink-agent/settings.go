//go:build linux

package main

import (
	"io"
	"os"

	"github.com/alecthomas/kong"
)

// settings reads flags from a JSON object whose keys are their names with
// underscores, for example {"allocator_url": "https://lab.example.org"}. Keys
// that are no flags are left alone, as the file may be newer than the program.
// A flag that the environment sets is not read.
func settings(r io.Reader) (kong.Resolver, error) {
	file, err := kong.JSON(r)
	if err != nil {
		return nil, err
	}
	return kong.ResolverFunc(func(c *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range flag.Envs {
			if _, set := os.LookupEnv(name); set {
				return nil, nil
			}
		}
		return file.Resolve(c, parent, flag)
	}), nil
}
