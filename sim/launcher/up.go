package launcher

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"syscall"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/control"
	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
)

// local is the stack that `make up` deploys.
var local = Stack{Name: "local"}

// readyTimeout is how long the allocator may take to answer after a deployment.
const readyTimeout = 3 * time.Minute

// Up deploys the local stack and waits until it can be used.
func (w *Workspace) Up(ctx context.Context) error {
	if err := w.Check(ctx); err != nil {
		return err
	}
	if err := w.checkDoor(ctx); err != nil {
		return err
	}
	p, err := w.Pulumi(ctx)
	if err != nil {
		return err
	}
	if err := w.Build(ctx); err != nil {
		return err
	}
	built := time.Now()
	var account *control.Client
	if err := w.step("Starting the simulated AWS account", func() (err error) {
		account, err = w.StartSimulator(ctx)
		return err
	}); err != nil {
		return err
	}
	if err := p.Ensure(ctx, local); err != nil {
		return err
	}
	if _, err := p.Output(ctx, "stack", "select", local.Name); err != nil {
		return err
	}
	if err := p.Recover(ctx, local, account); err != nil {
		return err
	}
	w.say("• Deploying: pulumi up --stack local")
	if err := p.Run(ctx, append([]string{"up", "--yes", "--skip-preview", "--suppress-outputs"}, local.args()...)...); err != nil {
		return err
	}
	out, err := p.Environment(ctx, local)
	if err != nil {
		return err
	}
	if err := account.OpenDoor(ctx, control.Door{Listen: w.Door, Address: out.PublicAddress, Port: 80}); err != nil {
		return fmt.Errorf("make the allocator reachable: %w", err)
	}
	if err := w.step("Waiting until the allocator answers with release "+out.Release.Version, func() error {
		return w.awaitRelease(ctx, out.Release.Manifest)
	}); err != nil {
		return err
	}
	w.summary(account, out, time.Since(built))
	return nil
}

// checkDoor refuses early when somebody else has the port. What a simulator of
// this workspace that is gone has left behind is not somebody else.
func (w *Workspace) checkDoor(ctx context.Context) error {
	if s, ok := w.Running(ctx); !ok {
		w.endLeftovers()
	} else if slices.ContainsFunc(s.Doors, func(d control.Door) bool { return d.Listen == w.Door }) {
		return nil
	}
	l, err := net.Listen("tcp", w.Door)
	if err != nil && !errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("the page would be at http://%s, but nothing can listen there (%w): choose another port with LABLINK_PORT=8090 make up", w.Door, err)
	}
	if err != nil {
		return fmt.Errorf("the page would be at http://%s, but that port is taken (%w): stop what uses it, or choose another one with LABLINK_PORT=8090 make up", w.Door, err)
	}
	return l.Close()
}

// Environment reads the outputs of a stack, secrets included.
func (p *Pulumi) Environment(ctx context.Context, s Stack) (outputs.Environment, error) {
	raw, err := p.Output(ctx, "stack", "output", "--json", "--show-secrets", "--stack", s.Name)
	if err != nil {
		return outputs.Environment{}, err
	}
	return outputs.ReadEnvironment(raw)
}

// awaitRelease waits until the allocator is ready with the release whose
// manifest has this sum.
func (w *Workspace) awaitRelease(ctx context.Context, manifest string) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	client := &api.Client{URL: "http://" + w.Door, HTTP: &http.Client{Timeout: 5 * time.Second}}
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		var last error
		ready, err := client.Ready(ctx)
		switch {
		case err != nil:
			last = err
		case ready.Release != manifest:
			last = fmt.Errorf("it runs release %.12s (%s)", ready.Release, ready.Version)
		case !ready.Ready:
			last = fmt.Errorf("it is not ready: %+v", ready.Checks)
		default:
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; the host's console and logs are below %s", last, w.own("sim", "instances"))
		case <-tick.C:
		}
	}
}

func (w *Workspace) summary(account *control.Client, out outputs.Environment, took time.Duration) {
	w.say(`
LabLink runs (%s after the build).

  Page        http://%s/admin
  User        admin
  Password    %s

  The simulated AWS account: %s/

Try next:
  1. Open the page, log in, and open a workshop with three machines.
  2. Open its link in another browser, enter an e-mail address, and see the GPU.
  3. make env      shows how to call plain pulumi on this stack
     make preview STACK=prod   shows what a whole environment is made of
     make down     takes everything away again
  4. LABLINK_URL=http://%[2]s LABLINK_PASSWORD=%[3]s .lablink/bin/lablink status
     shows the same in a terminal`,
		took.Round(time.Second), w.Door, out.InitialAdminPassword, account.URL)
}
