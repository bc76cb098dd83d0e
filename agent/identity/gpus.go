package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
)

// gpuFile is the name of the file in which what is known of the GPUs is kept.
const gpuFile = "gpus.json"

// maxGPUFile bounds what is read of it, in bytes.
const maxGPUFile = 1 << 20

// GPUs is gpu.Keeper beside the identity.
type GPUs struct{ store *Store }

// GPUs keeps what is known of the GPUs in the store's directory.
func (s *Store) GPUs() GPUs { return GPUs{s} }

// Load reads what was kept.
func (g GPUs) Load() (gpu.Kept, error) {
	var kept gpu.Kept
	path := filepath.Join(g.store.dir, gpuFile)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return kept, nil
	}
	if err == nil && info.Size() > maxGPUFile {
		return kept, fmt.Errorf("%s is larger than %d bytes", path, maxGPUFile)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return kept, fmt.Errorf("read what is known of the GPUs: %w", err)
	}
	if err := json.Unmarshal(raw, &kept); err != nil {
		return gpu.Kept{}, fmt.Errorf("%s is damaged: %w", path, err)
	}
	return kept, nil
}

// Save writes it. A reader sees the old file or the new one.
func (g GPUs) Save(kept gpu.Kept) error { return g.store.write(gpuFile, kept) }
