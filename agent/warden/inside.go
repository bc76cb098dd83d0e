package warden

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// PasswordFile is the file in a session's folder that holds what a desktop in a container asks for. It is
// the only secret that such a session has, and counts for it alone.
const PasswordFile = "password"

// Inside is what differs where sessions are in containers.
type Inside struct {
	// SettingUp is as whom the machine is set up: its users are none of a container's.
	SettingUp Person
	// Skeleton is a folder that homes begin with, before all else.
	Skeleton string
	// Remove removes the session's container and what it wrote, once its unit has ended: the
	// unit may have been killed before it could.
	Remove func(ctx context.Context) error
	// Fetch answers with the image's way to the machine.
	Fetch http.Handler
}

// unit is the session's.
func (w *Warden) unit() string {
	if w.Inside != nil {
		return ContainerUnit
	}
	return Unit
}

// settingUp is as whom the machine is set up.
func (w *Warden) settingUp() Person {
	if w.Inside != nil {
		return w.Inside.SettingUp
	}
	return w.Person
}

// skeletons are what a home begins with: what an image has there takes the place of what
// the machine gives.
func (w *Warden) skeletons() []string {
	if w.Inside != nil {
		return append([]string{w.Inside.Skeleton}, skeletons[1:]...)
	}
	return slices.Clone(skeletons)
}

// removeContainer removes what the session's unit may have left of its container.
func (w *Warden) removeContainer(ctx context.Context) error {
	if w.Inside == nil {
		return nil
	}
	return w.Inside.Remove(ctx)
}

// keepPassword makes a password for a session in a container: a new one for a new session,
// and where it is missing, as after a reboot.
func (w *Warden) keepPassword(fresh bool) error {
	if w.Inside == nil {
		return nil
	}
	file := filepath.Join(Runtime, PasswordFile)
	_, err := os.Stat(host.Path(file))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look for the session's password: %w", err)
	}
	if err != nil || fresh {
		if err := host.WriteFile(file, []byte(rand.Text()), 0o640); err != nil {
			return err
		}
	}
	return w.Person.OwnAll(host.Path(Runtime)) // one that is there may have been nobody's yet
}
