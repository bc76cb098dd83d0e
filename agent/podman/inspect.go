package podman

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// looked is the container in which an image is looked at. It never runs.
const looked = "lablink-look"

// maxUsers bounds an image's list of users, in bytes.
const maxUsers = 1 << 20

// inspect finds out whom an image runs as, and takes out of it, into a folder, what their
// home has and the viewer. The container that this needs also makes podman give the image's
// files to the users that containers have: no session waits for that.
func inspect(ctx context.Context, reference, into string) (Image, error) {
	i := Image{Reference: reference}
	user, err := i.describe(ctx)
	if err != nil {
		return i, err
	}
	if err := remove(ctx, looked); err != nil {
		return i, err
	}
	create := append([]string{"create", "--name", looked, "--pull=never", "--network=none", "--image-volume=ignore"}, mapping()...)
	if _, err := ask(ctx, append(create, i.ID, "true")...); err != nil {
		return i, err
	}
	defer func() { _ = remove(context.WithoutCancel(ctx), looked) }() // the next one is begun with that
	users := filepath.Join(into, "passwd")
	if err := take(ctx, "/etc/passwd", users); err != nil {
		return i, fmt.Errorf("the image says of nobody who they are: %w", err)
	}
	if err := i.find(user, users); err != nil {
		return i, err
	}
	if err := take(ctx, viewer, filepath.Join(into, path.Base(ViewerDir))); err != nil {
		return i, fmt.Errorf("the image has no viewer of KasmVNC's in %s, so it is none of a desktop: %w", viewer, err)
	}
	home := filepath.Join(into, path.Base(HomeDir))
	if err := os.Mkdir(home, 0o700); err != nil {
		return i, err
	}
	if err := take(ctx, i.Home+"/.", home); err != nil {
		return i, fmt.Errorf("the image has no home for its user: %w", err)
	}
	return i, errors.Join(withoutDevices(home), os.Remove(users))
}

// describe asks podman what an image is called, and whom it says to run as.
func (i *Image) describe(ctx context.Context) (user string, err error) {
	raw, err := ask(ctx, "image", "inspect", i.Reference)
	if err != nil {
		return "", err
	}
	var all []struct {
		ID     string `json:"Id"`
		Config struct{ User string }
	}
	if err := json.Unmarshal(raw, &all); err != nil || len(all) != 1 || all[0].ID == "" {
		return "", fmt.Errorf("podman's words on the image are not understood: %w", errors.Join(err, fs.ErrInvalid))
	}
	i.ID = all[0].ID
	user, _, _ = strings.Cut(all[0].Config.User, ":")
	return user, nil
}

// take copies something out of the container. Podman follows links within it only.
func take(ctx context.Context, from, to string) error {
	_, err := ask(ctx, "cp", looked+":"+from, to)
	return err
}

// find looks a user up in an image's list of them. None is root.
func (i *Image) find(user, users string) error {
	if user == "" {
		user = "0"
	}
	info, err := os.Lstat(users)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxUsers {
		return fmt.Errorf("the image's list of users cannot be read: %w", errors.Join(err, fs.ErrInvalid))
	}
	raw, err := os.ReadFile(users)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(raw)) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 6 || fields[0] != user && fields[2] != user {
			continue
		}
		n, err := strconv.Atoi(fields[2])
		if err != nil || n < 0 || n >= ids {
			return fmt.Errorf("the image's user %s has the number %q, and may have one from 0 to %d", user, fields[2], ids-1)
		}
		i.User, i.Home = n, fields[5]
		if !path.IsAbs(i.Home) || path.Clean(i.Home) != i.Home || i.Home == "/" || strings.ContainsAny(i.Home, ":,\\") {
			return fmt.Errorf("the image's user %s has no home of its own: %q", user, i.Home)
		}
		return nil
	}
	return fmt.Errorf("the image says that it runs as %q, and has no such user", user)
}
