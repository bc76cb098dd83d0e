//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/agent/inject"
)

type injectCommand struct {
	Fault    string `arg:"" help:"What breaks: ${faults}."`
	Value    string `arg:"" optional:"" help:"A number, or which kind, where the fault has one: xid 79."`
	GPU      int    `name:"gpu" default:"0" placeholder:"N" help:"Which GPU, counted from 0."`
	StateDir string `default:"${state_dir}" placeholder:"DIR" help:"Where the agent keeps its state (${default})."`
}

func (c injectCommand) order() inject.Order {
	return inject.Order{Fault: c.Fault, Value: c.Value, GPU: c.GPU}
}

// Validate says what is wrong with the order.
func (c *injectCommand) Validate() error { return c.order().Check() }

// Run gives the order to the agent that runs here.
func (c injectCommand) Run(ctx context.Context, out io.Writer) error {
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
