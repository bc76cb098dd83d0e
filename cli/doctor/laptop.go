package doctor

import (
	"context"
	"path/filepath"
	"strings"

	"golang.org/x/mod/semver"
)

// Laptop is the computer that somebody deploys from.
type Laptop interface {
	// Find is where a program is, or "".
	Find(program string) string
	// Output is what a program prints, without the spaces around it.
	Output(ctx context.Context, program string, args ...string) (string, error)
	// Free is how many GiB are free on the disk that a folder is on, or will be.
	Free(dir string) (uint64, error)
}

// tools are the programs that a deployment calls, and where they come from.
var tools = []struct{ program, fix string }{
	{"git", "install git (on Debian: apt-get install git)"},
	{"make", "install make (on Debian: apt-get install make)"},
	{"npm", "install Node.js with npm (on Debian: apt-get install npm): it fetches the viewer of desktops, without which no release is built"},
}

// oldestGo is the first that go.mod takes, oldestPulumi the first that Pulumi.yaml
// does.
const (
	oldestGo     = "v1.26.0"
	oldestPulumi = "v3.200.0"
)

// getGo and getPulumi are where they come from.
const (
	getGo     = "install Go 1.26 or newer from https://go.dev/dl/"
	getPulumi = "install the Pulumi CLI 3.200 or newer from https://www.pulumi.com/docs/install/, or let make build it: make bootstrap, plan and deploy do where it is missing"
)

func (d *Doctor) ofTools(ctx context.Context) []Finding {
	found := []Finding{d.ofGo(ctx)}
	for _, t := range tools {
		if at := d.Laptop.Find(t.program); at != "" {
			found = append(found, ok(t.program, "%s", at))
		} else {
			found = append(found, wrong(t.program, t.fix, "it is not on the PATH"))
		}
	}
	return found
}

func (d *Doctor) ofGo(ctx context.Context) Finding {
	if d.Laptop.Find("go") == "" {
		return wrong("go", getGo, "it is not on the PATH")
	}
	version, err := d.Laptop.Output(ctx, "go", "env", "GOVERSION")
	if err != nil {
		return unknown("go", err)
	}
	return atLeast("go", "v"+strings.TrimPrefix(version, "go"), oldestGo, getGo)
}

// atLeast compares versions. One that is none was built by hand, and is taken.
func atLeast(name, version, oldest, fix string) Finding {
	version, _, _ = strings.Cut(version, " ")
	if semver.IsValid(version) && semver.Compare(version, oldest) < 0 {
		return wrong(name, fix, "it is %s, and %s is the first that works", version, oldest)
	}
	return ok(name, "%s", version)
}

// ofPulumi looks for the engine on the PATH, and where make builds it.
func (d *Doctor) ofPulumi(ctx context.Context) []Finding {
	const language = "pulumi-language-go"
	at := d.Laptop.Find("pulumi")
	if at == "" {
		return []Finding{wrong("pulumi", getPulumi, "it is neither on the PATH nor in .lablink/engine")}
	}
	version, err := d.Laptop.Output(ctx, at, "version")
	if err != nil {
		return []Finding{unknown("pulumi", err)}
	}
	found := []Finding{atLeast("pulumi", version, oldestPulumi, getPulumi)}
	if d.Laptop.Find(language) == "" && d.Laptop.Find(filepath.Join(filepath.Dir(at), language)) == "" {
		return append(found, wrong(language, getPulumi, "it is neither on the PATH nor beside %s", at))
	}
	return append(found, ok(language, "it is there"))
}

// rooms are how many GiB a deployment takes, by Go's name of the place; "" is the
// working copy.
var rooms = []struct {
	place string
	gib   uint64
}{{"", 1}, {"GOCACHE", 2}, {"GOMODCACHE", 1}}

// ofRoom looks for free space where a release is built.
func (d *Doctor) ofRoom(ctx context.Context) []Finding {
	found := ok("disk", "there is room for a build")
	for _, r := range rooms {
		dir, name := ".", "the working copy"
		if r.place != "" {
			var err error
			if dir, err = d.Laptop.Output(ctx, "go", "env", r.place); err != nil {
				return []Finding{unknown("disk", err)}
			}
			name = r.place
		}
		free, err := d.Laptop.Free(dir)
		if err != nil {
			return []Finding{unknown("disk", err)}
		}
		if free < r.gib {
			return []Finding{wrong("disk", "make room there, or point "+name+" elsewhere", "the disk of %s (%s) has %d GiB free, and a build takes %d", name, dir, free, r.gib)}
		}
	}
	return []Finding{found}
}
