package build

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"github.com/talmolab/lablink-infrastructure/api/release"
)

// made is what a binary that is there was made of, and its sum. The Go command
// would look through all packages to find that nothing changed; the source's
// version says it already.
type made struct {
	Of     string `json:"of"`
	SHA256 string `json:"sha256"`
}

// madeOf names everything that a binary comes from.
func madeOf(source Source, command []string, tools release.Toolchain) string {
	digest := sha256.New()
	fmt.Fprintf(digest, "%q %q %q %q", source.Root, source.Version, command, tools)
	return hex.EncodeToString(digest.Sum(nil))
}

// isMadeOf reports whether the binary is there and is made of this. It measures it.
func (a *Artifact) isMadeOf(of string) bool {
	raw, err := os.ReadFile(a.record())
	var m made
	if err != nil || json.Unmarshal(raw, &m) != nil || m.Of != of {
		return false
	}
	return a.measure() == nil && a.SHA256 == m.SHA256
}

// remember keeps what the binary was made of.
func (a *Artifact) remember(of string) error {
	raw, err := json.Marshal(made{Of: of, SHA256: a.SHA256})
	if err != nil {
		return fmt.Errorf("keep what %s was made of: %w", a.Path, err)
	}
	if err := os.WriteFile(a.record(), raw, 0o644); err != nil {
		return fmt.Errorf("keep what %s was made of: %w", a.Path, err)
	}
	return nil
}

func (a *Artifact) record() string { return a.Path + ".made.json" }
