package host

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// loadedFile holds the sum of the unit files that systemd has read.
const loadedFile = ConfigDir + "/units-loaded"

// InstallUnits writes unit files and makes systemd read them, unless it has read
// just these: that takes a while in which nothing can be started.
func InstallUnits(ctx context.Context, units map[string][]byte) error {
	digest, same := sha256.New(), true
	for _, name := range slices.Sorted(maps.Keys(units)) {
		fmt.Fprintf(digest, "%s %d\n%s", name, len(units[name]), units[name])
		have, err := os.ReadFile(Path(filepath.Join(UnitsDir, name)))
		same = same && err == nil && bytes.Equal(have, units[name])
	}
	sum := hex.EncodeToString(digest.Sum(nil))
	if loaded, err := os.ReadFile(Path(loadedFile)); same && err == nil && string(loaded) == sum {
		return nil
	}
	for name, text := range units {
		if err := WriteFile(filepath.Join(UnitsDir, name), text, 0o644); err != nil {
			return err
		}
	}
	if err := Systemctl(ctx, "daemon-reload"); err != nil {
		return err
	}
	return WriteFile(loadedFile, []byte(sum), 0o644)
}

// InstallUnitsFrom installs the files of the folder "units".
func InstallUnitsFrom(ctx context.Context, files fs.FS) error {
	entries, err := fs.ReadDir(files, "units")
	if err != nil {
		return fmt.Errorf("list the unit files: %w", err)
	}
	units := map[string][]byte{}
	for _, e := range entries {
		if units[e.Name()], err = fs.ReadFile(files, "units/"+e.Name()); err != nil {
			return fmt.Errorf("read the unit file %s: %w", e.Name(), err)
		}
	}
	return InstallUnits(ctx, units)
}

// RemoveUnitsOf removes the unit files of the folder "units", and makes systemd forget them.
func RemoveUnitsOf(ctx context.Context, files fs.FS) error {
	entries, err := fs.ReadDir(files, "units")
	if err != nil {
		return fmt.Errorf("list the unit files: %w", err)
	}
	gone := []string{loadedFile}
	for _, e := range entries {
		gone = append(gone, filepath.Join(UnitsDir, e.Name()))
	}
	for _, file := range gone {
		if err := os.Remove(Path(file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove %s: %w", file, err)
		}
	}
	return Systemctl(ctx, "daemon-reload")
}

// InstallUnitsOfCurrent lets the release that is current install its units.
func InstallUnitsOfCurrent(ctx context.Context, binary string) error {
	out, err := exec.CommandContext(ctx, filepath.Join(Path(CurrentLink), binary), "units").CombinedOutput()
	if err != nil {
		return fmt.Errorf("it does not install its units: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// Systemctl calls systemctl.
func Systemctl(ctx context.Context, args ...string) error { return command(ctx, "systemctl", args...) }

func command(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
