package build

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/release"
)

// compiler is the C compiler for a platform. An error names what to install.
func compiler(ctx context.Context, platform string) (string, error) {
	_, arch, _ := strings.Cut(platform, "/")
	if arch != runtime.GOARCH {
		cc := release.CrossCompilers[arch]
		if _, err := exec.LookPath(cc); cc == "" || err != nil {
			return "", fmt.Errorf("the agent for %s needs the C compiler %s: on Debian, apt-get install gcc-%s", platform, cc, strings.TrimSuffix(strings.ReplaceAll(cc, "_", "-"), "-gcc"))
		}
		return cc, nil
	}
	out, err := exec.CommandContext(ctx, "go", "env", "CC").Output()
	if err != nil {
		return "", fmt.Errorf("ask Go for its C compiler: %w", withOutput(err))
	}
	cc := strings.TrimSpace(string(out))
	if _, err := exec.LookPath(program(cc)); err != nil {
		return "", fmt.Errorf("the agent for %s needs the C compiler %s: on Debian, apt-get install gcc libc6-dev", platform, program(cc))
	}
	return cc, nil
}

// program is the program of a command such as "gcc -m64".
func program(command string) string {
	first, _, _ := strings.Cut(command, " ")
	return first
}

// environment is that of a compilation for a system, without cgo: what a
// computer has set for its own programs does not count.
func environment(system, arch string) []string {
	return append(os.Environ(), "GOOS="+system, "GOARCH="+arch, "GOAMD64=v1", "GOARM64=v8.0",
		"GOEXPERIMENT=", "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0")
}

// cgo switches C on, in a form that is the same everywhere.
func cgo(cc string) []string {
	return []string{
		"CGO_ENABLED=1", "CC=" + cc, "CGO_CPPFLAGS=", "CGO_CFLAGS=-O2 -g0 -Wno-deprecated-declarations",
		"CGO_LDFLAGS=-Wl,--build-id=none",
	}
}

// toolchain names Go and the C compilers that were used.
func toolchain(ctx context.Context, compilers []string) (release.Toolchain, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOVERSION").Output()
	if err != nil {
		return release.Toolchain{}, fmt.Errorf("ask for Go's version: %w", withOutput(err))
	}
	var names []string
	for _, cc := range slices.Compact(slices.Sorted(slices.Values(compilers))) {
		version, err := exec.CommandContext(ctx, program(cc), "--version").Output()
		if err != nil {
			return release.Toolchain{}, fmt.Errorf("ask for the version of %s: %w", cc, withOutput(err))
		}
		first, _, _ := strings.Cut(string(version), "\n")
		names = append(names, strings.TrimSpace(first))
	}
	return release.Toolchain{Go: strings.TrimSpace(string(out)), CC: strings.Join(names, "; ")}, nil
}
