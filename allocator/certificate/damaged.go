package certificate

import (
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// damagedFolder is where damaged files are set aside, below the storage.
const damagedFolder = "damaged"

// setAside moves folders of certmagic's storage that hold a file which cannot be
// read for what it is: certmagic would fail on such a file for ever, where
// one that is missing is made anew. It returns what was moved.
func setAside(storage string, now time.Time) (moved []string, err error) {
	for _, part := range []string{"acme", "certificates"} {
		err := filepath.WalkDir(filepath.Join(storage, part), func(path string, entry fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || !entry.IsDir() {
				return err
			}
			whole, err := isWhole(path)
			if err != nil || whole {
				return err
			}
			inside, err := filepath.Rel(storage, path)
			if err != nil {
				return err
			}
			to := filepath.Join(storage, damagedFolder, strconv.FormatInt(now.Unix(), 10), inside)
			if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
				return err
			}
			if err := os.Rename(path, to); err != nil {
				return err
			}
			moved = append(moved, inside)
			return fs.SkipDir
		})
		if err != nil {
			return moved, fmt.Errorf("look for damaged certificates: %w", err)
		}
	}
	return moved, nil
}

// isWhole reports whether the files of a folder are what their names say, and a
// certificate fits its key.
func isWhole(folder string) (bool, error) {
	files, err := os.ReadDir(folder)
	if err != nil {
		return false, err
	}
	pair := map[string][]byte{}
	for _, f := range files {
		kind := filepath.Ext(f.Name())
		if f.IsDir() || kind != ".crt" && kind != ".key" && kind != ".json" {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(folder, f.Name()))
		if err != nil {
			return false, err
		}
		block, _ := pem.Decode(raw)
		if kind == ".json" && !json.Valid(raw) || kind != ".json" && block == nil {
			return false, nil
		}
		pair[kind] = raw
	}
	if pair[".crt"] == nil || pair[".key"] == nil {
		return true, nil
	}
	_, err = tls.X509KeyPair(pair[".crt"], pair[".key"])
	return err == nil, nil
}
