//go:build linux

package main

import (
	"crypto/rand"
	"log/slog"
	"os"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// newLog writes JSON, or text where a person reads it.
func newLog(f *os.File) *slog.Logger {
	if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		return slog.New(slog.NewTextHandler(f, nil))
	}
	return slog.New(slog.NewJSONHandler(f, nil))
}

// bootID is the kernel's id of this boot. Where the kernel has none, every
// start of the agent counts as a boot.
func bootID() string {
	const file = "/proc/sys/kernel/random/boot_id"
	raw, err := os.ReadFile(host.Path(file)) // a simulated machine has its own
	if err != nil {
		raw, err = os.ReadFile(file)
	}
	if err != nil {
		return rand.Text()
	}
	return strings.TrimSpace(string(raw))
}
