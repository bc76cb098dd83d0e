package doctor

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/release"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// ofOwnCompiler looks for this computer's own C compiler, where no stack says which
// ones it takes.
func (d *Doctor) ofOwnCompiler(ctx context.Context) []Finding {
	if d.Stack != nil {
		return nil
	}
	return []Finding{d.ofCompiler(ctx, runtime.GOARCH)}
}

// ofCompilers looks for the C compilers of the agent, where a release is built: for
// the architectures of the pools.
func (d *Doctor) ofCompilers(ctx context.Context) []Finding {
	if !d.Stack.environment() || d.Stack.Settings.Allocator.Version != settings.FromSource {
		return nil
	}
	architectures, err := d.architectures(ctx)
	if err != nil {
		return []Finding{unknown("C compiler", err)}
	}
	var found []Finding
	for _, architecture := range architectures {
		found = append(found, d.ofCompiler(ctx, architecture))
	}
	return found
}

// architectures are those of the pools' machines, as Go names them, each once.
func (d *Doctor) architectures(ctx context.Context) ([]string, error) {
	var out []string
	for _, p := range d.Stack.Settings.Pools {
		t, err := d.Account.Type(ctx, p.InstanceTypes[0])
		if err != nil {
			return nil, fmt.Errorf("the architecture of pool %s: %w", p.Name, err)
		}
		architecture := t.Architecture
		if architecture == "x86_64" {
			architecture = "amd64"
		}
		if !slices.Contains(out, architecture) {
			out = append(out, architecture)
		}
	}
	return out, nil
}

func (d *Doctor) ofCompiler(ctx context.Context, architecture string) Finding {
	check := "C compiler for " + architecture
	program, packages := release.CrossCompilers[architecture], "gcc-"+strings.TrimSuffix(strings.ReplaceAll(release.CrossCompilers[architecture], "_", "-"), "-gcc")
	if architecture == runtime.GOARCH {
		command, err := d.Laptop.Output(ctx, "go", "env", "CC")
		if err != nil {
			return unknown(check, err)
		}
		program, _, _ = strings.Cut(command, " ")
		packages = "gcc libc6-dev"
	}
	if at := d.Laptop.Find(program); at != "" {
		return ok(check, "%s", at)
	}
	return wrong(check, "install it (on Debian: apt-get install "+packages+")", "%s is not on the PATH, and the agent is built with it", program)
}
