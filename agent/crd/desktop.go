package crd

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api"
)

// connecting is how long it may take to connect a machine.
const connecting = 3 * time.Minute

// memoryName is what is kept under of a session that is connected: its PIN, and no code.
const memoryName = "remote"

type kept struct {
	Session string `json:"session"`
	PIN     string `json:"pin"`
	Name    string `json:"name"`
}

// Desktop is agent.Desktop by Chrome Remote Desktop.
type Desktop struct {
	warden api.Client
	memory agent.Memory

	mu      sync.Mutex
	session string // "" while nobody has one
	now     api.RemoteDesktop
	stop    context.CancelFunc // ends what connects the machine
	work    sync.WaitGroup
}

var _ agent.Desktop = &Desktop{}

// New is a machine's desktop. Memory keeps the PIN over a restart of the agent.
func New(warden api.Client, memory agent.Memory) *Desktop {
	return &Desktop{warden: warden, memory: memory, stop: func() {}}
}

// Kind is crd.
func (d *Desktop) Kind() string { return "crd" }

// Start lets the warden begin a session. It waits for its participant's code then, unless
// it is one of before a restart that had it. One that goes on stays as it is.
func (d *Desktop) Start(ctx context.Context, session string) error {
	if err := d.warden.Do(ctx, http.MethodPost, "/session", map[string]string{"id": session}, nil); err != nil {
		return said(err)
	}
	var had kept
	if err := d.memory.Recall(memoryName, &had); err != nil && !errors.Is(err, fs.ErrNotExist) {
		had = kept{} // it is brought again
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.session == session {
		return nil // what connects it goes on
	}
	d.session, d.now = session, api.RemoteDesktop{State: api.RemoteWaiting}
	if had.Session == session {
		d.now = api.RemoteDesktop{State: api.RemoteReady, PIN: had.PIN, Name: had.Name}
	}
	return nil
}

// End lets the warden end a session, with what connects the machine, if that goes on.
func (d *Desktop) End(ctx context.Context, session string) error {
	d.mu.Lock()
	d.stop()
	d.session, d.now = "", api.RemoteDesktop{}
	d.mu.Unlock()
	d.work.Wait()
	err := d.warden.Do(ctx, http.MethodDelete, "/session?"+url.Values{"id": {session}}.Encode(), nil, nil)
	if err != nil {
		return said(err)
	}
	return nil
}

// Idle is not known: what a participant does passes by Google.
func (d *Desktop) Idle(context.Context) (time.Duration, bool) { return 0, false }

// Status is how far the machine is connected.
func (d *Desktop) Status() api.RemoteDesktop {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

// Connect begins to connect the machine, and returns once what was brought is understood.
// How it goes on is in Status.
func (d *Desktop) Connect(in api.StartRemote) error {
	code, err := agent.ReadCode(in.Command)
	if err != nil {
		return err
	}
	// What there is of a connection goes: may refused who has one and did not ask for another,
	// and one that is not known here any more is of no use to anybody.
	with := agent.Connection{Session: in.Session, Code: code, PIN: newPIN(), Name: in.Name, Again: true}
	if err := with.Check(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.may(in); err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), connecting)
	d.stop, d.now = stop, api.RemoteDesktop{State: api.RemoteStarting, Name: in.Name}
	_ = d.memory.Keep(memoryName, kept{}) // the PIN before is none from now on
	d.work.Go(func() { d.connect(ctx, with); stop() })
	return nil
}

// may refuses a code for a session that is not there, and one that is not needed.
func (d *Desktop) may(in api.StartRemote) error {
	switch {
	case d.session == "":
		return api.Problemf(api.Unavailable, "The machine is not ready for your code yet", "Your session is being started. Try again in a few seconds, with the same code.")
	case d.session != in.Session:
		return api.Problemf(api.Conflict, "The machine has another session by now", "Go back to your seat, and connect from there.")
	case d.now.State == api.RemoteStarting:
		return api.Problemf(api.Conflict, "The machine is being connected already", "Your seat's page shows when it is. A code works once: this one may be used up.")
	case d.now.State == api.RemoteReady && !in.Again:
		return api.Problemf(api.Conflict, "The machine is connected already", "Open remotedesktop.google.com/access, and enter the PIN that your seat's page shows. To connect it with another account, say so beside the code.")
	}
	return nil
}

// connect lets the warden connect the machine, and tells how that ended.
func (d *Desktop) connect(ctx context.Context, with agent.Connection) {
	err := d.warden.Do(ctx, http.MethodPost, "/remote", with, nil)
	now := api.RemoteDesktop{State: api.RemoteReady, PIN: with.PIN, Name: with.Name}
	if err != nil {
		now = api.RemoteDesktop{State: api.RemoteFailed, Trouble: trouble(ctx, err)}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.session != with.Session {
		return // it ended meanwhile
	}
	d.now = now
	keep := kept{}
	if err == nil {
		keep = kept{with.Session, with.PIN, with.Name}
	}
	_ = d.memory.Keep(memoryName, keep) // what is not kept is asked for again after a restart
}

// trouble says for the participant why a machine was not connected.
func trouble(ctx context.Context, err error) string {
	var p *api.Problem
	switch {
	case errors.As(err, &p):
		return gpu.Clip(p.Error())
	case ctx.Err() != nil:
		return "Chrome Remote Desktop did not answer in time. Bring another code, and ask your instructor if that does not help."
	}
	return gpu.Clip(said(err).Error())
}

// newPIN is one that nobody can guess in the few tries that there are.
func newPIN() string {
	n, _ := rand.Int(rand.Reader, big.NewInt(1_000_000)) // never fails
	return fmt.Sprintf("%06d", n)
}

// said is what the warden said, without what is around it.
func said(err error) error {
	if api.CodeOf(err) == "" {
		return fmt.Errorf("the machine's warden does not answer (systemctl status lablink-warden tells why): %w", err)
	}
	return err
}
