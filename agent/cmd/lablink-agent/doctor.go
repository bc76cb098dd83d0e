//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"text/tabwriter"
	"time"

	"github.com/spf13/pflag"

	"github.com/talmolab/lablink-infrastructure/agent/doctor"
	"github.com/talmolab/lablink-infrastructure/agent/identity"
	"github.com/talmolab/lablink-infrastructure/agent/proc"
	"github.com/talmolab/lablink-infrastructure/agent/uplink"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// doctorCommand is given what run is given.
type doctorCommand struct {
	runCommand
	JSON bool
}

func (c *doctorCommand) flags(f *pflag.FlagSet) {
	c.runCommand.flags(f)
	f.BoolVar(&c.JSON, "json", false, "Print JSON.")
}

// run says what keeps this machine from serving.
func (c *doctorCommand) run(ctx context.Context, out io.Writer) error {
	trust, err := parseTrust(c.Trust)
	if err != nil {
		return err
	}
	source, err := parseSource(c.NVML)
	if err != nil {
		return err
	}
	gpus, err := source.open(ctx)
	if err != nil {
		return err
	}
	client := uplink.NewHTTP(c.TLSName, trust)
	defer client.CloseIdleConnections()
	found := doctor.Machine{
		URL: c.AllocatorURL, HTTP: client, Version: version, Find: exec.LookPath, NVML: gpus, Host: proc.Host{Disk: c.Home},
		Root: host.Path("/"), StateDir: c.StateDir, Identities: identity.NewStore(c.StateDir), Now: time.Now,
		Shows: c.shows(), Own: c.token != "",
	}.Examine(ctx)
	return c.show(out, found)
}

// shows says what the machine lacks for its desktop. One of one's own gets none from an image.
func (c *doctorCommand) shows() func() error {
	if c.token != "" && c.Desktop == "vnc" {
		return lacks[c.Desktop]
	}
	return possible[c.Desktop]
}

// show prints what was found, and fails where something is wrong.
func (c *doctorCommand) show(out io.Writer, found []doctor.Finding) error {
	bad := 0
	for _, f := range found {
		if !f.OK {
			bad++
		}
	}
	if err := c.print(out, found); err != nil {
		return err
	}
	switch bad {
	case 0:
		return nil
	case 1:
		return errors.New("one check found something wrong: mend it, and run this again")
	}
	return fmt.Errorf("%d checks found something wrong: mend it, and run this again", bad)
}

func (c *doctorCommand) print(out io.Writer, found []doctor.Finding) error {
	if c.JSON {
		return json.NewEncoder(out).Encode(found)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, f := range found {
		word := "ok"
		if !f.OK {
			word = "WRONG"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.Check, word, f.Found)
		if f.Fix != "" {
			fmt.Fprintf(table, "\tfix\t%s\n", f.Fix)
		}
	}
	return table.Flush()
}
