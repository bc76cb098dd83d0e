package main

import (
	"crypto/rand"
	"log/slog"
	"os"
	"strings"
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
	raw, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return rand.Text()
	}
	return strings.TrimSpace(string(raw))
}
