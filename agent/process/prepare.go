package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Prepare makes what a machine was set up with, in the home, what each home begins with
// from then on: for who gives every session a home of its own. Nothing that was set up
// knows another path than the home's. It may be called again after it was cut short.
func Prepare(home, prepared string) error {
	_, err := os.Stat(home)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing was set up there, or it was moved before
	}
	if err == nil {
		err = os.RemoveAll(prepared)
	}
	if err == nil {
		err = os.Rename(home, prepared)
	}
	if err != nil {
		return fmt.Errorf("keep what the machine was set up with: %w", err)
	}
	return nil
}
