package boot

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
	"runtime"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/talmolab/lablink-infrastructure/api/host"
	"github.com/talmolab/lablink-infrastructure/api/release"
)

// Objects is the part of the SDK's S3 client that is used.
type Objects interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// binary is the program's name in a release's folder.
const binary = "lablink-allocator"

// missing is a fault that time may mend: permissions take a while to count.
type missing struct{ error }

// Unwrap is what went wrong.
func (m missing) Unwrap() error { return m.error }

// isMissing reports whether S3 says that there is no such object. To somebody who
// may not list the bucket, it says that access is denied.
func isMissing(err error) bool {
	var refused interface{ ErrorCode() string }
	return errors.As(err, &refused) && slices.Contains([]string{"NoSuchKey", "AccessDenied"}, refused.ErrorCode())
}

// fetchAgain fetches a release, and asks for a while for what is not there.
func (u *Updater) fetchAgain(ctx context.Context, sum string) error {
	end := time.NewTimer(u.Limits.Fetch)
	defer end.Stop()
	for {
		err := fetch(ctx, u.Objects, u.Config.Bucket, sum)
		if !errors.As(err, &missing{}) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end.C:
			return err
		case <-time.After(time.Second):
		}
	}
}

// fetch makes a release's folder complete: manifest, binary and settings, each
// with the sum it must have. What is there already stays.
func fetch(ctx context.Context, objects Objects, bucket, sum string) error {
	if !release.IsSum(sum) {
		return host.Wrong(faultf("the pointer holds no release: %q", sum))
	}
	dir := host.Path(host.ReleaseDir(sum))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the folder of release %s: %w", sum, err)
	}
	manifest := filepath.Join(dir, "manifest.json")
	if err := get(ctx, objects, bucket, release.File{Key: release.Key(sum), SHA256: sum}, manifest, 0o644); err != nil {
		return err
	}
	raw, err := os.ReadFile(manifest)
	if err != nil {
		return fmt.Errorf("read the manifest: %w", err)
	}
	m, err := release.Decode(raw, sum)
	if err != nil {
		return fault{err}
	}
	platform := "linux/" + runtime.GOARCH
	program, ok := m.Allocator[platform]
	if !ok {
		return host.Wrong(faultf("release %s has no allocator for %s", sum, platform))
	}
	if err := get(ctx, objects, bucket, program, filepath.Join(dir, binary), 0o755); err != nil {
		return err
	}
	if err := get(ctx, objects, bucket, m.Settings, filepath.Join(dir, "settings.json"), 0o644); err != nil {
		return err
	}
	now := time.Now() // which releases are the oldest is seen by this
	return os.Chtimes(dir, now, now)
}

// get fetches one object, unless the file has the right sum already.
func get(ctx context.Context, objects Objects, bucket string, f release.File, path string, mode os.FileMode) error {
	if have, err := sumOf(path); err == nil && have == f.SHA256 {
		return nil
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := objects.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &f.Key})
	if isMissing(err) {
		return missing{faultf("%s is not in the bucket %s: %w", f.Key, bucket, err)}
	}
	if err != nil {
		return fmt.Errorf("fetch %s: %w", f.Key, err)
	}
	defer out.Body.Close()
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return fmt.Errorf("fetch %s: %w", f.Key, err)
	}
	defer os.Remove(tmp.Name())
	digest := sha256.New()
	_, err = io.Copy(io.MultiWriter(tmp, digest), out.Body)
	if err = errors.Join(err, tmp.Chmod(mode), tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("fetch %s: %w", f.Key, err)
	}
	if got := hex.EncodeToString(digest.Sum(nil)); got != f.SHA256 {
		return faultf("%s has the sum %s, not %s: it was changed or cut short", f.Key, got, f.SHA256)
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
