package podman

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// Where what is known of the desktop's image is kept on the machine: what it is, what homes
// begin with, and the viewer's files, which the agent shows.
const (
	Dir       = "/var/lib/lablink-image"
	HomeDir   = Dir + "/home"
	ViewerDir = Dir + "/www"
	aboutFile = Dir + "/image.json"
)

// viewer is where an image has the files of its viewer: KasmVNC's package puts them there.
const viewer = "/usr/share/kasmvnc/www"

// Image is a desktop's.
type Image struct {
	// Reference is what it was fetched by, and ID what podman calls it.
	Reference string `json:"reference"`
	ID        string `json:"id"`
	// User is the number of whom its desktop runs as, and Home their folder, in the image.
	User int    `json:"user"`
	Home string `json:"home"`
}

// Current is the image that the machine's desktop has. ErrNoImage where none was fetched.
func Current() (i Image, err error) {
	err = host.ReadJSON(aboutFile, &i)
	if errors.Is(err, fs.ErrNotExist) {
		return i, ErrNoImage
	}
	if err != nil {
		return i, fmt.Errorf("read which image the desktop has: %w", err)
	}
	return i, nil
}

// Usable is why podman has not the image that the machine's desktop had, if it has not: it may
// have been removed since. That is written down, so that the agent knows, too.
func Usable(ctx context.Context) error {
	i, err := Current()
	if err != nil {
		return err
	}
	var gone *exec.ExitError
	if err := command(ctx, "image", "exists", i.ID).Run(); !errors.As(err, &gone) || gone.ExitCode() != 1 {
		return nil // podman itself may not work, and says why when it runs the container
	}
	if err := os.Remove(host.Path(aboutFile)); err != nil {
		return fmt.Errorf("write down that podman has no image any more: %w", err)
	}
	return ErrNoImage
}

// ErrNoImage is that the machine has no image for a desktop.
var ErrNoImage = errors.New("the image of the desktop is not here; set the pool's container, deploy, and replace the machine")

// named is what names an image, and no flag of podman's.
var named = regexp.MustCompile(`^[a-z0-9][A-Za-z0-9._:/@-]*$`)

// Fetcher is an agent.Runner whose only program is to fetch the image that a command names.
type Fetcher struct{}

var _ agent.Runner = Fetcher{}

// Run fetches an image, unless it is here, and keeps what is to be known of it.
func (Fetcher) Run(ctx context.Context, c agent.Command, said func(line string)) error {
	ctx, cancel := context.WithTimeout(ctx, c.Limit)
	defer cancel()
	if err := Possible(); err != nil {
		return err
	}
	reference := c.Args[0]
	if !named.MatchString(reference) {
		return fmt.Errorf("%q names no image", reference)
	}
	if now, err := Current(); err == nil && now.Reference == reference && there(ctx, "image", "exists", now.ID) {
		return nil
	}
	if !there(ctx, "image", "exists", reference) {
		if err := pull(ctx, reference, said); err != nil {
			return err
		}
	}
	said("unpacking")
	return unpack(ctx, reference)
}

// unpack keeps what is to be known of an image. It is made beside what is kept, and takes
// its place as a whole.
func unpack(ctx context.Context, reference string) error {
	dir, next := host.Path(Dir), host.Path(Dir+".new")
	if err := errors.Join(os.RemoveAll(next), os.MkdirAll(next, 0o700)); err != nil {
		return fmt.Errorf("make room for what the image has: %w", err)
	}
	defer os.RemoveAll(next)
	i, err := inspect(ctx, reference, next)
	if err != nil {
		return err
	}
	if err := plain(filepath.Join(next, path.Base(ViewerDir))); err != nil {
		return err
	}
	raw, err := json.Marshal(i)
	if err == nil {
		err = os.WriteFile(filepath.Join(next, path.Base(aboutFile)), raw, 0o644)
	}
	if err == nil {
		err = errors.Join(os.Chmod(filepath.Join(next, path.Base(HomeDir)), 0o700), os.Chmod(next, 0o755), os.RemoveAll(dir))
	}
	if err == nil {
		err = os.Rename(next, dir)
	}
	if err != nil {
		return fmt.Errorf("keep what the image has: %w", err)
	}
	return nil
}

// plain leaves of a tree folders and files that everybody may read.
func plain(dir string) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return os.Chmod(name, 0o755)
		case d.Type().IsRegular():
			return os.Chmod(name, 0o644)
		}
		return os.Remove(name)
	})
}

// withoutDevices leaves of a tree folders, files and links: each home begins with a copy.
func withoutDevices(dir string) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Type().IsRegular() || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		return os.Remove(name)
	})
}
