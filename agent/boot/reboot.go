package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// RebootFile is where the agent writes, in the folder of its state, from which boot the
// machine is to boot again.
func RebootFile(state string) string { return filepath.Join(state, "reboot-from") }

// Reboot boots the machine again if its agent has asked for that at this boot. The
// file is the agent's: what it says counts once, and not for another boot.
func Reboot(ctx context.Context, out io.Writer, state, boot string) error {
	raw, err := host.ReadNote(RebootFile(state))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if gone := os.Remove(RebootFile(state)); gone != nil {
		err = errors.Join(err, gone)
	}
	if err != nil {
		return fmt.Errorf("read whether the machine is to boot again, and take it back: %w", err)
	}
	if strings.TrimSpace(string(raw)) != boot {
		return nil
	}
	fmt.Fprintln(out, "the machine boots again, as its agent asked for")
	return host.Systemctl(ctx, "reboot")
}
