package boot

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// volumeFile names the volume that the data are on.
const volumeFile = DataDir + "/volume"

// RestoredFile is there, in a folder of data, until the allocator knows that the data
// were gone back to.
func RestoredFile(data string) string { return filepath.Join(data, "restored") }

// knowVolume notices that the volume was made of a snapshot: what is on it names the
// volume that it was.
func knowVolume(volume string) error {
	raw, err := os.ReadFile(host.Path(volumeFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read which volume the data were on: %w", err)
	}
	was := strings.TrimSpace(string(raw))
	if was == volume {
		return nil
	}
	if was != "" {
		if err := host.WriteFile(RestoredFile(DataDir), []byte("a snapshot of "+was+"\n"), 0o644); err != nil {
			return err
		}
	}
	return host.WriteFile(volumeFile, []byte(volume+"\n"), 0o644)
}
