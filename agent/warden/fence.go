package warden

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
)

// metadata is where a machine of EC2 finds its instance metadata, and with it the
// credentials of its role (EC2 User Guide, "Instance metadata").
var metadata = []struct {
	family, address string
	file            string // which is there where the machine speaks that family
}{
	{"-4", "169.254.169.254", "/proc/net/route"},
	{"-6", "fd00:ec2::254", "/proc/net/if_inet6"},
}

// rulesAt is the place of the rules among those of the machine.
const rulesAt = "100"

// fence closes instance metadata to a user, by rules of routing: they count for whatever
// the user runs, and need no firewall. They are said to be the kernel's own: systemd-networkd
// removes rules of others. The session's unit forbids the same by the kernel's filter, where
// it has one.
func fence(ctx context.Context, uid string) error {
	for _, m := range metadata {
		if err := prohibit(ctx, m.family, m.file, closes(m.address, uid)); err != nil {
			return err
		}
	}
	return nil
}

// closes is the rule that closes an address to a user.
func closes(address, uid string) string {
	return fmt.Sprintf("to %s uidrange %s-%s prohibit", address, uid, uid)
}

// fenceFrom closes instance metadata to a network of the machine's own, which speaks IPv4
// alone.
func fenceFrom(ctx context.Context, network string) error {
	m := metadata[0]
	return prohibit(ctx, m.family, m.file, closesFrom(network))
}

// closesFrom is the rule that closes instance metadata to a network.
func closesFrom(network string) string {
	return fmt.Sprintf("from %s to %s prohibit", network, metadata[0].address)
}

// prohibit adds a rule of routing, where it is not there yet and the machine speaks the
// family.
func prohibit(ctx context.Context, family, speaks, rule string) error {
	if _, err := os.Stat(speaks); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	have, err := exec.CommandContext(ctx, "ip", family, "rule", "show").Output()
	if err != nil {
		return fmt.Errorf("look whether instance metadata is closed to the session: %w", err)
	}
	if strings.Contains(string(have), rule) {
		return nil
	}
	if err := run(ctx, "ip", append([]string{family, "rule", "add", "pref", rulesAt, "protocol", "kernel"}, strings.Fields(rule)...)...); err != nil {
		return fmt.Errorf("close instance metadata to the session: %w", err)
	}
	return nil
}
