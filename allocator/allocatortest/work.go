package allocatortest

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// FakeWork are the sizes of the files that were asked for.
type FakeWork map[string]int64

// Upload takes a file as kept.
func (f FakeWork) Upload(_ context.Context, key string, bytes int64) (string, error) {
	f[key] = bytes
	return fmt.Sprintf("https://bucket.test/%s?bytes=%d", key, bytes), nil
}

// UploadOnce takes a file as kept, and tells what it would go in the place of.
func (f FakeWork) UploadOnce(ctx context.Context, key string, bytes int64, tag string) (string, map[string]string, error) {
	url, err := f.Upload(ctx, key, bytes)
	if tag == "" {
		return url, map[string]string{"If-None-Match": "*"}, err
	}
	return url, map[string]string{"If-Match": tag}, err
}

// Download is where a file would be.
func (f FakeWork) Download(_ context.Context, key string) (string, error) {
	return "https://bucket.test/" + key, nil
}

// Open gives a file of as many zeros as it has bytes.
func (f FakeWork) Open(_ context.Context, key string) (io.ReadCloser, error) {
	bytes, there := f[key]
	if !there {
		return nil, api.Problemf(api.NotFound, "The file is not there any more", "%s was removed from the bucket.", key)
	}
	return io.NopCloser(io.LimitReader(zeros{}, bytes)), nil
}

// zeros has no end.
type zeros struct{}

// Read reads zeros.
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// List lists the files by their keys.
func (f FakeWork) List(_ context.Context, prefix string) ([]allocator.WorkFile, error) {
	var out []allocator.WorkFile
	for _, key := range slices.Sorted(maps.Keys(f)) {
		if strings.HasPrefix(key, prefix) {
			out = append(out, allocator.WorkFile{Key: key, Bytes: f[key], Tag: fmt.Sprintf("%q", fmt.Sprint(f[key]))})
		}
	}
	return out, nil
}
