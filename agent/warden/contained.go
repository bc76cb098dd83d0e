package warden

import (
	"context"
	"errors"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// Contained is whom sessions in containers belong to: a number that no user of the machine
// has. Machines are set up as System all the same.
type Contained struct {
	System
	// UID is the number. It fails where no image is here, and so no session was.
	UID func() (int, error)
	// From is the network that containers have.
	From string
}

var _ Person = Contained{}

// Fence closes instance metadata to what runs in containers, too.
func (c Contained) Fence(ctx context.Context) error {
	return errors.Join(c.System.Fence(ctx), fenceFrom(ctx, c.From))
}

// Ready makes the user that sets machines up, and closes instance metadata.
func (c Contained) Ready(ctx context.Context) error {
	return errors.Join(c.System.Ready(ctx), fenceFrom(ctx, c.From))
}

// Own makes a folder the container's user's, and its group the agent's, which may look.
func (c Contained) Own(dir string) error {
	o, err := c.whose()
	if err != nil {
		return err
	}
	return own(dir, o, true)
}

// OwnAll makes what is in a folder the container's user's, and its group the agent's.
func (c Contained) OwnAll(dir string) error {
	o, err := c.whose()
	if err != nil {
		return err
	}
	return ownAll(dir, o)
}

func (c Contained) whose() (o owner, err error) {
	if o.uid, err = c.UID(); err != nil {
		return o, err
	}
	o.gid = o.uid
	_, o.agents, err = ids(host.User)
	return o, err
}

// Forget ends what is left of a session, and of what set the machine up.
func (c Contained) Forget(ctx context.Context) error {
	err := c.System.Forget(ctx)
	uid, none := c.UID()
	if none != nil {
		return err
	}
	return errors.Join(err, forget(uid, func() error { return killAll(ctx, uid) }))
}
