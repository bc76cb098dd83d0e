package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/talmolab/lablink-infrastructure/allocator/boot"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlite"
)

// databases are the files in the folder of the data that are copied.
var databases = []string{storeFile, jobsFile}

// copyData makes a folder for a rehearsal, with a copy of the databases as they
// are at this moment, while the service goes on with them.
func copyData(ctx context.Context, data string) (string, error) {
	dir := boot.RehearsalDir(data)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make room for a copy of the data: %w", err)
	}
	for _, name := range databases {
		from := filepath.Join(data, name)
		if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
			continue // a host that has not served yet
		}
		if err := sqlite.Copy(ctx, from, filepath.Join(dir, name)); err != nil {
			return "", err
		}
	}
	return dir, nil
}
