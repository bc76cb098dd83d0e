package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/talmolab/lablink-infrastructure/api/release"
)

// Fault is an error of a release itself: it will be no better the next time.
type Fault struct{ Err error }

// Error is what went wrong.
func (f *Fault) Error() string { return f.Err.Error() }

// Unwrap is what went wrong.
func (f *Fault) Unwrap() error { return f.Err }

// Faultf makes a fault.
func Faultf(format string, args ...any) error { return &Fault{fmt.Errorf(format, args...)} }

// ErrMissing is wrapped by what a Get returns for an object that is not there.
var ErrMissing = errors.New("there is no such object, or this machine may not read it")

// Get opens an object of the artifact bucket.
type Get func(ctx context.Context, key string) (io.ReadCloser, error)

// Part is a file of a release's folder.
type Part struct {
	File release.File
	Name string
	Mode os.FileMode
}

// FetchAgain fetches a release, and asks for a while for what is not there:
// permissions take a moment to count.
func FetchAgain(ctx context.Context, get Get, sum string, parts func(release.Manifest) ([]Part, error), patience time.Duration) error {
	end := time.NewTimer(patience)
	defer end.Stop()
	for {
		err := Fetch(ctx, get, sum, parts)
		if !errors.Is(err, ErrMissing) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end.C:
			return &Fault{err}
		case <-time.After(time.Second):
		}
	}
}

// Fetch makes a release's folder complete: the manifest and what parts wants of
// it, each with the sum it must have. What is there already stays.
func Fetch(ctx context.Context, get Get, sum string, parts func(release.Manifest) ([]Part, error)) error {
	if !release.IsSum(sum) {
		return Wrong(Faultf("the pointer holds no release: %q", sum))
	}
	dir := Path(ReleaseDir(sum))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the folder of release %s: %w", sum, err)
	}
	manifest := Part{release.File{Key: release.Key(sum), SHA256: sum}, "manifest.json", 0o644}
	if err := fetch(ctx, get, dir, manifest); err != nil {
		return err
	}
	raw, err := os.ReadFile(filepath.Join(dir, manifest.Name))
	if err != nil {
		return fmt.Errorf("read the manifest: %w", err)
	}
	m, err := release.Decode(raw, sum)
	if err != nil {
		return &Fault{err}
	}
	wanted, err := parts(m)
	if err != nil {
		return Wrong(&Fault{fmt.Errorf("release %s: %w", sum, err)})
	}
	for _, p := range wanted {
		if err := fetch(ctx, get, dir, p); err != nil {
			return err
		}
	}
	now := time.Now() // which releases are the oldest is seen by this
	return os.Chtimes(dir, now, now)
}

// fetch fetches one object, unless the file has the right sum already.
func fetch(ctx context.Context, get Get, dir string, p Part) error {
	f, path := p.File, filepath.Join(dir, p.Name)
	if have, err := sumOf(path); err == nil && have == f.SHA256 {
		return nil
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	body, err := get(ctx, f.Key)
	if err != nil {
		return fmt.Errorf("fetch %s: %w", f.Key, err)
	}
	defer body.Close()
	tmp, err := os.CreateTemp(dir, ".new-")
	if err != nil {
		return fmt.Errorf("fetch %s: %w", f.Key, err)
	}
	defer os.Remove(tmp.Name())
	digest := sha256.New()
	_, err = io.Copy(io.MultiWriter(tmp, digest), body)
	if err = errors.Join(err, tmp.Chmod(p.Mode), tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("fetch %s: %w", f.Key, err)
	}
	if got := hex.EncodeToString(digest.Sum(nil)); got != f.SHA256 {
		return Faultf("%s has the sum %s, not %s: it was changed or cut short", f.Key, got, f.SHA256)
	}
	return os.Rename(tmp.Name(), path)
}

func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	digest := sha256.New()
	if _, err := io.Copy(digest, f); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}
