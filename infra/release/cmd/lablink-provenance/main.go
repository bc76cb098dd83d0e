// Command lablink-provenance writes the provenance of the release in .lablink/release
// to its standard output, in a run of a workflow at GitHub.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/talmolab/lablink-infrastructure/infra/release/provenance"
	"github.com/talmolab/lablink-infrastructure/infra/release/published"
)

func main() {
	dir := flag.String("dir", ".lablink/release", "where the release is")
	flag.Parse()
	if err := write(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "lablink-provenance:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	run, err := provenance.FromEnvironment(os.LookupEnv)
	if err != nil {
		return err
	}
	list, err := published.Read(dir)
	if err != nil {
		return err
	}
	predicate, err := run.Predicate(list.Toolchain)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(append(predicate, '\n'))
	return err
}
