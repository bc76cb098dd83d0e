package warden

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// Leave ends the session that there is, and takes away all that was kept for sessions, as a
// machine of one's own is given back. No warden runs there any more.
func (w *Warden) Leave(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.clear(ctx); err != nil {
		return err
	}
	w.removing.Wait()
	for _, path := range []string{Home, Prepared, state, Runtime, Dir} {
		if err := removePath(path); err != nil {
			return err
		}
	}
	return leaveDisks()
}

// leaveDisks removes what was made at the tops of disks to remove things in.
func leaveDisks() error {
	m, err := mounted()
	for _, at := range m.local {
		top, openErr := openFolder(at)
		if openErr != nil {
			continue // it is gone
		}
		if gone := top.goneNow(); gone != nil {
			err = errors.Join(err, gone.Close(), top.remove(scratchGone))
		}
		err = errors.Join(err, top.Close())
	}
	return err
}

// Leave takes the session's user away, and what was closed to it.
func (s System) Leave(ctx context.Context) error {
	u, err := user.Lookup(User)
	if unknown(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find the session's user: %w", err)
	}
	if err := errors.Join(unfence(ctx, u.Uid), run(ctx, "systemctl", "unmask", "user@"+u.Uid+".service"), allow(cronDeny, true), allow(atDeny, false)); err != nil {
		return err
	}
	return run(ctx, "userdel", User)
}

// Leave takes away what was closed to containers, too.
func (c Contained) Leave(ctx context.Context) error {
	return errors.Join(permit(ctx, metadata[0].family, closesFrom(c.From)), c.System.Leave(ctx))
}

// unfence takes the rules of fence away.
func unfence(ctx context.Context, uid string) error {
	var failed error
	for _, m := range metadata {
		failed = errors.Join(failed, permit(ctx, m.family, closes(m.address, uid)))
	}
	return failed
}

// permit takes a rule of routing away, where it is.
func permit(ctx context.Context, family, rule string) error {
	have, err := exec.CommandContext(ctx, "ip", family, "rule", "show").Output()
	if err != nil || !strings.Contains(string(have), rule) {
		return nil //nolint:nilerr // the machine does not speak that family
	}
	return run(ctx, "ip", append([]string{family, "rule", "del", "pref", rulesAt}, strings.Fields(rule)...)...)
}

// allow takes the session's user out of a file of those who may not, and leaves it as its
// owner had it before deny: also with nothing in it, as that lets everybody. Only one that
// deny made is removed. It has no line before the user's.
func allow(file string, always bool) error {
	raw, err := os.ReadFile(host.Path(file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look who may have jobs: %w", err)
	}
	before, after, found := strings.Cut("\n"+string(raw), "\n"+User+"\n")
	if !found {
		return nil
	}
	if always && before+after == "" {
		return os.Remove(host.Path(file))
	}
	before = strings.TrimPrefix(before, "\n")
	if before != "" && after != "" && !strings.HasSuffix(before, "\n") {
		before += "\n"
	}
	return os.WriteFile(host.Path(file), []byte(before+after), 0o644) // in place: its group may read it
}
