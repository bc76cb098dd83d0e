//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/pflag"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/agent/inject"
)

type injectCommand struct {
	Fault, Value string
	GPU          int
	StateDir     string
}

func (c *injectCommand) flags(f *pflag.FlagSet) {
	f.IntVar(&c.GPU, "gpu", 0, "Which GPU, a `number` counted from 0.")
	f.StringVar(&c.StateDir, "state-dir", stateDir(), "The `folder` of the agent's state.")
}

func (c *injectCommand) take(args []string) error {
	if len(args) < 1 || len(args) > 2 {
		return errors.New("name one fault, and a value where it has one: lablink-agent inject xid 79")
	}
	c.Fault, c.Value = args[0], strings.Join(args[1:], "")
	return nil
}

func (c *injectCommand) order() inject.Order {
	return inject.Order{Fault: c.Fault, Value: c.Value, GPU: c.GPU}
}

// check says what is wrong with the order.
func (c *injectCommand) check() error { return c.order().Check() }

// run gives the order to the agent that runs here.
func (c *injectCommand) run(ctx context.Context, out io.Writer) error {
	if err := inject.Send(ctx, c.StateDir, c.order()); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "The agent takes it as told by GPU %d. Its next look shows what it makes of it.\n", c.GPU)
	return err
}

// errReal is why faults are not injected.
var errReal = errors.New("this agent watches real GPUs, and a fault may take the machine from whoever uses it: start it with --allow-inject if that is wanted")

// breakable puts an injector before nvml, where faults may be injected, and takes orders
// until the returned function is called. An agent that cannot take any works on.
func (c *runCommand) breakable(nvml gpu.NVML, log *slog.Logger) (gpu.NVML, func()) {
	apply := func(inject.Order) error { return errReal }
	if c.NVML != "real" || c.AllowInject {
		injector := inject.New(nvml)
		nvml = injector
		apply = func(o inject.Order) error {
			log.Warn("a fault is injected", "fault", o.Fault, "value", o.Value, "gpu", o.GPU)
			return injector.Apply(o)
		}
	}
	server, err := inject.Listen(c.StateDir, apply)
	if err != nil {
		log.Warn("faults cannot be injected", "error", err)
		return nvml, func() {}
	}
	return nvml, func() { _ = server.Close() } // the process ends with it
}
