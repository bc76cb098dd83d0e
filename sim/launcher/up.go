package launcher

import (
	"context"
	"fmt"
	"net/http"
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
	if err := w.openDoor(ctx, account, out.PublicAddress); err != nil {
		return err
	}
	if err := w.step("Waiting until the allocator answers with release "+out.Release.Version, func() error {
		return w.awaitRelease(ctx, out.Release.Manifest)
	}); err != nil {
		return err
	}
	w.summary(account, out, time.Since(built))
	return nil
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

  Page              http://%s/admin
  User              admin
  Initial password  %s

  The simulated AWS account: %s/

Try next: docs/getting-started.md goes on from here. In a terminal:
  eval "$(make env)"
  export LABLINK_PASSWORD="$(pulumi stack output initialAdminPassword --show-secrets -s local)"
  lablink status
make down takes everything away again.`,
		took.Round(time.Second), w.Door, out.InitialAdminPassword, account.URL)
}
