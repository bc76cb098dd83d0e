package boot

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
	"github.com/talmolab/lablink-infrastructure/api/release"
)

// AgentFile opens the agent's program of the release that is in a folder of this host.
// NotFound where the release has none for the platform.
func AgentFile(ctx context.Context, objects Objects, sum, platform string) (io.ReadCloser, release.File, error) {
	c, err := ReadConfig()
	if err != nil {
		return nil, release.File{}, err
	}
	raw, err := os.ReadFile(filepath.Join(host.Path(host.ReleaseDir(sum)), "manifest.json"))
	if err != nil {
		return nil, release.File{}, fmt.Errorf("read the manifest: %w", err)
	}
	var m release.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, release.File{}, fmt.Errorf("decode the manifest: %w", err)
	}
	file, ok := m.Agent[platform]
	if !ok {
		return nil, file, api.Problemf(api.NotFound, "There is no such program", "This release has no agent for %s.", platform)
	}
	body, err := get(objects, c.Bucket)(ctx, file.Key)
	if err != nil {
		return nil, file, fmt.Errorf("fetch the agent's program: %w", err)
	}
	return body, file, nil
}
