package host

import (
	"fmt"
	"os"
	"path/filepath"
)

// ReleaseDir is the folder of the release whose manifest has this sum.
func ReleaseDir(sum string) string { return filepath.Join(ReleasesDir, sum) }

// Current is the sum of the release that runs, or "" when there is none.
func Current() string {
	target, err := os.Readlink(Path(CurrentLink))
	if err != nil {
		return ""
	}
	return filepath.Base(target)
}

// SetCurrent makes a release the one that runs, from the next start on.
func SetCurrent(sum string) error {
	link := Path(CurrentLink)
	next := link + ".new"
	_ = os.Remove(next) // left by an interrupted call
	if err := os.Symlink(filepath.Join("releases", sum), next); err != nil {
		return fmt.Errorf("choose release %s: %w", sum, err)
	}
	if err := os.Rename(next, link); err != nil {
		return fmt.Errorf("choose release %s: %w", sum, err)
	}
	return nil
}
