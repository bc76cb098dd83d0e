package warden

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// Who may have no jobs, of cron's and of at's.
const cronDeny, atDeny = "/etc/cron.deny", "/etc/at.deny"

// alone sees to it that nothing runs for a user but its session: no manager of its own,
// which who lingers has from the machine's start on, and no jobs of cron's and at's.
func alone(ctx context.Context, uid string) error {
	manager := "user@" + uid + ".service"
	if at, _ := os.Readlink(host.Path("/etc/systemd/system/" + manager)); at != os.DevNull {
		if err := run(ctx, "systemctl", "mask", manager); err != nil {
			return fmt.Errorf("keep the session from a manager of its own: %w", err)
		}
	}
	// Without such files everybody may use cron, and nobody at.
	return errors.Join(deny(cronDeny, true), deny(atDeny, false))
}

// deny adds the session's user to a file of those who may not, where it is there or is to
// be.
func deny(file string, always bool) error {
	raw, err := os.ReadFile(host.Path(file))
	if errors.Is(err, fs.ErrNotExist) {
		if !always {
			return nil
		}
		return host.WriteFile(file, []byte(User+"\n"), 0o644)
	}
	if err != nil {
		return fmt.Errorf("look who may have jobs: %w", err)
	}
	if slices.Contains(strings.Fields(string(raw)), User) {
		return nil
	}
	f, err := os.OpenFile(host.Path(file), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("keep the session from jobs: %w", err)
	}
	_, err = f.WriteString("\n" + User + "\n") // its last line may not end
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("keep the session from jobs: %w", err)
	}
	return nil
}
