package launcher

import (
	"context"
	"os"
	"os/exec"
	"runtime"

	"github.com/talmolab/lablink-infrastructure/infra/release/build"
)

// programs are built for this computer; the stack program is also what the
// engine runs.
var programs = []string{"./stacks", "./sim/cmd/lablink-sim", "./cli/cmd/lablink"}

// Build builds the programs, and what the local stack deploys, so that the
// deployment itself finds it in Go's cache.
func (w *Workspace) Build(ctx context.Context) error {
	first := func(took string) string {
		if _, err := os.Stat(w.path("bin", "stacks")); err == nil {
			return ""
		}
		return ": up to " + took + " minutes on two cores, the first time"
	}
	slow := first("two")
	err := w.step("Building the stack program, the simulator and lablink"+first("three"), func() error {
		cmd := exec.Command("go", append([]string{"build", "-o", w.path("bin") + "/"}, programs...)...)
		cmd.Dir, cmd.Env = w.Root, goEnv()
		return w.quietly(ctx, cmd)
	})
	if err != nil {
		return err
	}
	return w.step("Building lablink-allocator and lablink-agent"+slow, func() error {
		source, err := build.FindSource(ctx, w.Root)
		if err != nil {
			return err
		}
		native := []string{"linux/" + runtime.GOARCH}
		_, err = build.Build(ctx, source, w.path("build"), native, native)
		return err
	})
}
