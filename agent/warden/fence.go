package warden

import (
	"context"
	"fmt"
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

// fence closes instance metadata to a user, by rules of routing: they count for whatever
// the user runs, and need no firewall. They are said to be the kernel's own: systemd-networkd
// removes rules of others. The session's unit forbids the same by the kernel's filter, where
// it has one.
func fence(ctx context.Context, uid string) error {
	for _, m := range metadata {
		if _, err := os.Stat(m.file); err != nil {
			continue
		}
		rule := fmt.Sprintf("to %s uidrange %s-%s prohibit", m.address, uid, uid)
		have, err := exec.CommandContext(ctx, "ip", m.family, "rule", "show").Output()
		if err != nil {
			return fmt.Errorf("look whether instance metadata is closed to the session: %w", err)
		}
		if strings.Contains(string(have), rule) {
			continue
		}
		if err := run(ctx, "ip", append([]string{m.family, "rule", "add", "pref", "100", "protocol", "kernel"}, strings.Fields(rule)...)...); err != nil {
			return fmt.Errorf("close instance metadata to the session: %w", err)
		}
	}
	return nil
}
