package boot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/talmolab/lablink-infrastructure/api/host"
	"github.com/talmolab/lablink-infrastructure/api/release"
)

// Programs gives the agent's programs of one release. Each is fetched once and checked
// before anybody gets it.
type Programs struct {
	Objects Objects
	Release string

	mu    sync.Mutex
	known map[string]*program // by platform
}

// program is one that was checked, in a file that has no name any more.
type program struct {
	release.File
	content *os.File
}

// Open opens the agent's program for a platform. NotFound where the release has none.
func (p *Programs) Open(ctx context.Context, platform string) (io.ReadCloser, release.File, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	of := p.known[platform]
	if of == nil {
		body, file, err := AgentFile(ctx, p.Objects, p.Release, platform)
		if err != nil {
			return nil, file, err
		}
		defer body.Close()
		content, err := checked(body, file)
		if err != nil {
			return nil, file, fmt.Errorf("fetch the agent's program: %w", err)
		}
		if p.known == nil {
			p.known = map[string]*program{}
		}
		of = &program{file, content}
		p.known[platform] = of
	}
	return io.NopCloser(io.NewSectionReader(of.content, 0, of.Bytes)), of.File, nil
}

// Close forgets them.
func (p *Programs) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []error
	for _, of := range p.known {
		all = append(all, of.content.Close())
	}
	p.known = nil
	return errors.Join(all...)
}

// checked keeps what has the size and the sum that the manifest says.
func checked(body io.Reader, file release.File) (*os.File, error) {
	out, err := os.CreateTemp("", "lablink-agent-")
	if err != nil {
		return nil, err
	}
	digest := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, digest), io.LimitReader(body, file.Bytes+1))
	err = errors.Join(err, os.Remove(out.Name()))
	if got := hex.EncodeToString(digest.Sum(nil)); err == nil && (got != file.SHA256 || n != file.Bytes) {
		err = host.Faultf("%s has the sum %s, not %s: it was changed or cut short", file.Key, got, file.SHA256)
	}
	if err != nil {
		_ = out.Close()
		return nil, err
	}
	return out, nil
}
