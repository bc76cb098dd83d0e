package build

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/talmolab/lablink-infrastructure/api/release"
)

// made is what a binary that is there was made of, and its sum. The Go command
// would look through all packages to find that nothing changed; the source's
// version says it already.
type made struct {
	Of       string    `json:"of"`
	SHA256   string    `json:"sha256"`
	Bytes    int64     `json:"bytes"`
	Modified time.Time `json:"modified"`
}

// madeOf names everything that a binary comes from.
func madeOf(source Source, command []string, tools release.Toolchain) string {
	digest := sha256.New()
	fmt.Fprintf(digest, "%q %q %q %q", source.Root, source.Version, command, tools)
	return hex.EncodeToString(digest.Sum(nil))
}

// isMadeOf reports whether the binary is there and is made of this. One that was
// written since is measured again.
func (a *Artifact) isMadeOf(of string) bool {
	raw, err := os.ReadFile(a.record())
	var m made
	if err != nil || json.Unmarshal(raw, &m) != nil || m.Of != of {
		return false
	}
	info, err := os.Stat(a.Path)
	if err == nil && info.Size() == m.Bytes && info.ModTime().Equal(m.Modified) {
		a.Bytes, a.SHA256 = m.Bytes, m.SHA256
		return true
	}
	return a.measure() == nil && a.SHA256 == m.SHA256
}

// remember keeps what the binary was made of.
func (a *Artifact) remember(of string) error {
	info, err := os.Stat(a.Path)
	if err != nil {
		return fmt.Errorf("keep what %s was made of: %w", a.Path, err)
	}
	raw, err := json.Marshal(made{Of: of, SHA256: a.SHA256, Bytes: a.Bytes, Modified: info.ModTime()})
	if err != nil {
		return fmt.Errorf("keep what %s was made of: %w", a.Path, err)
	}
	if err := os.WriteFile(a.record(), raw, 0o644); err != nil {
		return fmt.Errorf("keep what %s was made of: %w", a.Path, err)
	}
	return nil
}

func (a *Artifact) record() string { return a.Path + ".made.json" }
