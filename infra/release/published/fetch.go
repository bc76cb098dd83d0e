package published

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/release"
	"github.com/talmolab/lablink-infrastructure/infra/release/build"
)

// The most that is read, in bytes.
const (
	maxList   = 1 << 20
	maxBinary = 1 << 30
)

// Source is where a release was published and what its list's SHA-256 is.
type Source struct {
	URL     string // the folder of all versions
	Version string // vX.Y.Z
	SHA256  string
}

// Fetch takes the binaries for the given platforms. What is below dir already is
// not fetched again. Nothing is kept whose sum is not the one that is listed.
func Fetch(ctx context.Context, client *http.Client, s Source, dir string, allocator, agent []string) (build.Binaries, error) {
	l, err := fetchList(ctx, client, s)
	if err != nil {
		return build.Binaries{}, fmt.Errorf("take release %s: %w", s.Version, err)
	}
	out := build.Binaries{Source: build.Source{Version: l.Version, Changed: l.CreatedAt}, Toolchain: l.Toolchain}
	for _, part := range []struct {
		binary    string
		listed    map[string]Binary
		platforms []string
		into      *[]build.Artifact
	}{{"lablink-allocator", l.Allocator, allocator, &out.Allocator}, {"lablink-agent", l.Agent, agent, &out.Agent}} {
		for _, platform := range part.platforms {
			b, err := of(part.binary, part.listed, platform)
			if err != nil {
				return build.Binaries{}, fmt.Errorf("take release %s: %w", s.Version, err)
			}
			path := filepath.Join(dir, b.SHA256, b.File)
			if err := fetchBinary(ctx, client, s.at(b.File), b, path); err != nil {
				return build.Binaries{}, fmt.Errorf("take %s of release %s: %w", b.File, s.Version, err)
			}
			*part.into = append(*part.into, build.Artifact{Binary: part.binary, Platform: platform, Path: path, SHA256: b.SHA256, Bytes: b.Bytes})
		}
	}
	return out, nil
}

func (s Source) at(file string) string { return s.URL + "/" + s.Version + "/" + file }

func fetchList(ctx context.Context, client *http.Client, s Source) (List, error) {
	body, err := get(ctx, client, s.at(ListName))
	if err != nil {
		return List{}, err
	}
	defer body.Close()
	raw, err := io.ReadAll(io.LimitReader(body, maxList))
	if err != nil {
		return List{}, fmt.Errorf("read its list: %w", err)
	}
	if got := release.Sum(raw); got != s.SHA256 {
		return List{}, fmt.Errorf("the list at %s has the SHA-256 %s, but lablink:allocator.releaseSha256 is %s: it is another version's, or the list was changed after it was published", s.at(ListName), got, s.SHA256)
	}
	l, err := decode(raw)
	switch {
	case err != nil:
		return l, fmt.Errorf("read its list: %w", err)
	case l.Version != s.Version:
		return l, fmt.Errorf("its list is of version %q", l.Version)
	case l.Protocol != api.Protocol:
		return l, fmt.Errorf("it speaks protocol %d, this program %d: deploy it with the program of its own commit (git checkout %s)", l.Protocol, api.Protocol, s.Version)
	}
	return l, nil
}

// fetchBinary makes sure that path holds the binary.
func fetchBinary(ctx context.Context, client *http.Client, url string, b Binary, path string) error {
	if kept, err := os.Open(path); err == nil {
		sum, size, err := measure(io.Discard, kept)
		_ = kept.Close() // only read
		if err == nil && sum == b.SHA256 && size == b.Bytes {
			return nil
		}
	}
	body, err := get(ctx, client, url)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("keep it: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "new-")
	if err != nil {
		return fmt.Errorf("keep it: %w", err)
	}
	defer os.Remove(f.Name()) // when it did not become the binary
	sum, size, err := measure(f, io.LimitReader(body, b.Bytes+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("read it: %w", err)
	}
	if sum != b.SHA256 || size != b.Bytes {
		return fmt.Errorf("%s has the SHA-256 %s and %d bytes, but the release's list says %s and %d: it was changed after it was published, or cut short", url, sum, size, b.SHA256, b.Bytes)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("keep it: %w", err)
	}
	return nil
}

func measure(into io.Writer, from io.Reader) (sum string, size int64, err error) {
	digest := sha256.New()
	size, err = io.Copy(io.MultiWriter(into, digest), from)
	return hex.EncodeToString(digest.Sum(nil)), size, err
}

func get(ctx context.Context, client *http.Client, url string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("ask for %s: %w", url, err)
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask for %s: %w", url, err)
	}
	if res.StatusCode != http.StatusOK {
		_ = res.Body.Close() // only read
		return nil, fmt.Errorf("%s answers %s: check lablink:allocator.version and releaseUrl", url, res.Status)
	}
	return res.Body, nil
}
