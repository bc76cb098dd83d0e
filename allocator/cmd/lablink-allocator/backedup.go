package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// backedUpFile says, beside the data, when a backup was made by hand last.
const backedUpFile = "backed-up"

// backedUp is when that was; zero where it is not known.
func backedUp(data string) time.Time {
	raw, err := os.ReadFile(filepath.Join(data, backedUpFile))
	if err != nil {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(string(raw)))
	if err != nil {
		return time.Time{}
	}
	return at
}

// keepBackedUp keeps that a backup was made.
func keepBackedUp(data string, at time.Time) error {
	return os.WriteFile(filepath.Join(data, backedUpFile), []byte(at.UTC().Format(time.RFC3339)+"\n"), 0o644)
}
