package boot

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// hostFile keeps what tells this host from others that share its database.
const hostFile = host.ConfigDir + "/host-id"

// errOthersTurn is wrapped while another host switches.
var errOthersTurn = errors.New("another host of this deployment is on its way to another release, and this one follows")

// Turn says, as the program that was asked for the turn writes it, who has it.
type Turn struct {
	Host    string `json:"host"`
	Release string `json:"release"`
}

// takeTurn makes it this host's turn to switch, for as long as Limits.Turn from now on,
// or lets it keep the turn that it has. A switch that was interrupted is finished all the
// same where the database cannot be asked: the host may not serve meanwhile.
func (u *Updater) takeTurn(ctx context.Context, wanted string) error {
	now, self, err := u.whoseTurn(ctx, wanted)
	switch {
	case err != nil && ctx.Err() == nil && u.underWay():
		fmt.Fprintf(u.Out, "going on without knowing whose turn it is: %s\n", err)
		return nil
	case err != nil:
		return fmt.Errorf("take the turn to switch to another release: %w", err)
	case now.Host != self:
		return fmt.Errorf("%w: it goes to %.12s", errOthersTurn, now.Release)
	}
	return nil
}

// whoseTurn tries to take the turn, and says who has it then.
func (u *Updater) whoseTurn(ctx context.Context, wanted string) (now Turn, self string, err error) {
	if self, err = hostID(); err != nil {
		return now, self, err
	}
	settings := host.Path(SettingsFile(host.Current())) // which this program understands
	out, err := u.askTurn(ctx, "--settings", settings, "--host", self, "--release", wanted, "--life", u.Limits.Turn.String())
	if err != nil {
		return now, self, err
	}
	if err = json.Unmarshal(out, &now); err == nil && now.Host == self {
		u.turnBy = settings
	}
	return now, self, err
}

func (u *Updater) underWay() bool {
	under, err := Switching()
	return err == nil && under
}

// giveTurn lets another host have the turn, unless the switch is still under way: the
// next call finishes it.
func (u *Updater) giveTurn(ctx context.Context) {
	if u.turnBy == "" || u.underWay() {
		return
	}
	self, err := hostID()
	if err == nil {
		_, err = u.askTurn(context.WithoutCancel(ctx), "--settings", u.turnBy, "--host", self, "--give")
	}
	if err != nil { // it ends by itself
		fmt.Fprintf(u.Out, "the turn to switch was not given back, and ends in %s: %s\n", u.Limits.Turn, err)
	}
}

// askTurn asks the database as the user of the service, like copyData.
func (u *Updater) askTurn(ctx context.Context, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, u.Limits.Ask)
	defer cancel()
	said, out := &tail{}, &bytes.Buffer{}
	cmd := exec.CommandContext(ctx, u.Program, append([]string{"turn"}, args...)...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = out, said, time.Second
	if err := host.AsUser(cmd); err != nil {
		return nil, err
	}
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, said)
	}
	return out.Bytes(), nil
}

// hostID is what tells this host from others. It is made when it is asked for first.
func hostID() (string, error) {
	raw, err := os.ReadFile(host.Path(hostFile))
	if err == nil {
		return strings.TrimSpace(string(raw)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read what tells this host from others: %w", err)
	}
	id := rand.Text()
	return id, host.WriteFile(hostFile, []byte(id+"\n"), 0o644)
}
