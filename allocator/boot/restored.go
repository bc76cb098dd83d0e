package boot

import (
	"path/filepath"
	"regexp"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// volumeFile names the volume that the data are on.
const volumeFile = DataDir + "/volume"

// RestoredFile is there, in a folder of data, until the allocator knows that the data
// were gone back to.
func RestoredFile(data string) string { return filepath.Join(data, "restored") }

// volumeID is how EBS names a volume.
var volumeID = regexp.MustCompile("^vol-[0-9a-f]+$")

// knowVolume notices that the volume was made of a snapshot: what is on it names the
// volume that it was.
func knowVolume(volume string) error {
	was := wasOn()
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

// wasOn is the volume that the data were on, or "". The folder is the service's, and root
// reads there: what names no volume tells nothing, and is not repeated.
func wasOn() string {
	raw, err := host.ReadNote(host.Path(volumeFile))
	was := strings.TrimSpace(string(raw))
	if err != nil || !volumeID.MatchString(was) {
		return ""
	}
	return was
}
