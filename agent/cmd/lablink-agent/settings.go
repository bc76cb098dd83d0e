//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// What flags of several commands say of themselves.
const (
	allocatorHelp = "The allocator's address, a `URL`, for example https://lab.example.org."
	audienceHelp  = "Whom the proof of this machine is for, a `NAME`: lablink/DEPLOYMENT/ENVIRONMENT."
)

// trusting are the flags of whom to take for the allocator.
func trusting(f *pflag.FlagSet, name, certificate *string) {
	f.StringVar(name, "tls-name", "", "The `NAME` in the allocator's certificate, when the URL holds an address.")
	f.StringVar(certificate, "trust", "", "The certificate that is trusted in place of the system's authorities: PEM, in `BASE64`.")
}

// configFlag names a file of settings.
const configFlag = "config"

// teller tells what flags are.
type teller struct {
	name string
	tell func(*pflag.Flag) (text string, set bool, err error)
}

// environment is what the environment may set.
var environment = teller{"the environment", func(flag *pflag.Flag) (text string, set bool, _ error) {
	switch flag.Name {
	case "join":
		text, set = os.LookupEnv("LABLINK_JOIN")
	case "nvml":
		text, set = os.LookupEnv("LABLINK_NVML")
	}
	return text, set, nil
}}

// needs makes flags such that have to be set, in whatever way.
func needs(f *pflag.FlagSet, names ...string) {
	for _, name := range names {
		if err := cobra.MarkFlagRequired(f, name); err != nil {
			panic(err) // there is none of that name
		}
		f.Lookup(name).Usage += " It is required."
	}
}

// fill sets the flags that the command line left out: from the environment, from the file
// that --config names, and from the machine's, in this order. That one may be closed to who
// needs none of it.
func fill(f *pflag.FlagSet) error {
	sources := []teller{environment}
	if named := f.Lookup(configFlag); named != nil && named.Changed {
		file, err := settings(named.Value.String())
		if err != nil {
			return err
		}
		sources = append(sources, file)
	}
	file, err := settings(settingsFile())
	if err == nil {
		sources = append(sources, file)
	} else if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	var wrong error
	f.VisitAll(func(flag *pflag.Flag) {
		for _, s := range sources {
			text, set, err := s.tell(flag)
			if err == nil && set && !flag.Changed {
				err = f.Set(flag.Name, text)
			}
			if err != nil {
				wrong = errors.Join(wrong, fmt.Errorf("%s: %w", s.name, err))
			}
		}
	})
	return wrong
}

// settings reads flags from a JSON object whose keys are their names with underscores, for
// example {"allocator_url": "https://lab.example.org"}. Keys that are no flags are left alone,
// as the file may be newer than the program.
func settings(path string) (teller, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return teller{}, fmt.Errorf("read settings: %w", err)
	}
	values := map[string]any{}
	if err := json.Unmarshal(raw, &values); err != nil {
		return teller{}, fmt.Errorf("read settings of %s: %w", path, err)
	}
	return teller{path, func(flag *pflag.Flag) (string, bool, error) {
		key := strings.ReplaceAll(flag.Name, "-", "_")
		value := values[key]
		text, isText := value.(string)
		yes, isBool := value.(bool)
		switch {
		case value == nil:
			return "", false, nil
		case isText:
			return text, true, nil
		case isBool && flag.Value.Type() == "bool":
			return strconv.FormatBool(yes), true, nil
		}
		return "", false, fmt.Errorf("%s is %v, which is no %s", key, value, flag.Value.Type())
	}}, nil
}

// settingsFile is the machine's.
func settingsFile() string { return host.Path("/etc/lablink/agent.json") }

// stateDir is where the agent keeps its state, and homeDir that of who works on the desktop:
// on a machine that was not set up for it, where root does not run it, those of who does.
func stateDir() string { return folder("/var/lib/lablink-agent", ".local/state/lablink-agent") }
func homeDir() string  { return folder("/var/lib/lablink-home", ".local/share/lablink-home") }

func folder(ofMachine, mine string) string {
	home, err := os.UserHomeDir()
	if _, there := os.Stat(settingsFile()); there == nil || err != nil || host.Path("/") != "/" || os.Getuid() == 0 {
		return host.Path(ofMachine)
	}
	return filepath.Join(home, mine)
}
