package boot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// errLater is why an update does not begin now. Nothing is wrong.
var errLater = errors.New("the update waits")

// ordersFile is where the agent keeps, in the folder of its state and before it begins it,
// which session the machine has.
const ordersFile = "orders.json"

// mayBegin is nil when an update may.
func (u *Updater) mayBegin(ctx context.Context) error {
	if err := u.free(); err != nil {
		return err
	}
	if u.talks() != no {
		return nil
	}
	// What is wanted was said to an agent before this one. The allocator may want another
	// one by now, and where it is away nobody knows whether a new agent gets on with it. Where
	// it was, this one may be in its longest pause: it gets time for another try.
	if err := u.answers(ctx); err != nil {
		return err
	}
	err := host.Watch(ctx, 2*u.Limits.Pause, u.Limits.Look, func() error {
		if u.talks() != no {
			return fmt.Errorf("%w for what its allocator tells the agent", errLater)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return u.answers(ctx) // for all of that time the agent could have talked
}

// answers is nil while the allocator answers this program.
func (u *Updater) answers(ctx context.Context) error {
	if err := u.There(ctx); err != nil {
		return fmt.Errorf("%w for the allocator: %w", errLater, err)
	}
	return nil
}

// free is nil while nobody has the machine: by what the warden wrote down, and by what the
// agent did, as a session takes a while to begin, and some machines show none.
func (u *Updater) free() error {
	id, err := u.Session()
	if err != nil {
		return err
	}
	if id == "" {
		if id, err = u.ordered(); err != nil {
			return err
		}
	}
	if id != "" {
		return fmt.Errorf("%w for the end of session %q", errLater, id)
	}
	return nil
}

// ordered is the session that the agent has begun last, as long as it has not ended.
func (u *Updater) ordered() (string, error) {
	raw, err := host.ReadNote(filepath.Join(u.State, ordersFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	var had struct {
		Session string `json:"session"`
	}
	if err == nil {
		err = json.Unmarshal(raw, &had)
	}
	if err != nil {
		return "", fmt.Errorf("read which session the agent has begun: %w", err)
	}
	return had.Session, nil
}

// later says why an update waits, which is no error.
func (u *Updater) later(err error) error {
	if errors.Is(err, errLater) {
		fmt.Fprintln(u.Out, err)
		return nil
	}
	return err
}
