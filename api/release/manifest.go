package release

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"time"
)

// Manifest describes one release.
type Manifest struct {
	// Version is what people call it, for example "source-1f2e3d4c5b6a".
	Version string `json:"version"`
	// Protocol is the version of the conversation between allocator and agent.
	Protocol int `json:"protocol"`
	// CreatedAt is when the source last changed, so that the same source gives
	// the same manifest.
	CreatedAt time.Time `json:"createdAt"`
	// Allocator and Agent are the binaries, by platform ("linux/arm64").
	Allocator map[string]File `json:"allocator"`
	Agent     map[string]File `json:"agent"`
	// Settings is what the stack decided, as the allocator reads it.
	Settings File `json:"settings"`
	// Toolchain is what the binaries were built with.
	Toolchain Toolchain `json:"toolchain"`
}

// File is an object in the artifact bucket.
type File struct {
	Key    string `json:"key"`
	SHA256 string `json:"sha256"` // lower-case hexadecimal
	Bytes  int64  `json:"bytes"`
}

// Toolchain names the compilers.
type Toolchain struct {
	Go string `json:"go"`
	CC string `json:"cc"`
}

// Key is where the manifest with a sum is kept in the artifact bucket.
func Key(sum string) string { return "releases/" + sum + ".json" }

// ArtifactKey is where a binary is kept: its sum makes the key its own.
func ArtifactKey(binary, platform, sum string) string {
	return "artifacts/" + sum + "/" + binary + "-" + platform
}

// SettingsKey is where rendered settings are kept.
func SettingsKey(sum string) string { return "settings/" + sum + ".json" }

// Encode renders a manifest in its one form and names it. The form has no
// white space: the script that first boots a machine finds its way in it with
// grep.
func (m Manifest) Encode() (raw []byte, sum string, err error) {
	raw, err = json.Marshal(m)
	if err != nil {
		return nil, "", fmt.Errorf("encode manifest: %w", err)
	}
	return raw, Sum(raw), nil
}

var hexSum = regexp.MustCompile(`^[0-9a-f]{64}$`)

// IsSum reports whether s has the form of a SHA-256.
func IsSum(s string) bool { return hexSum.MatchString(s) }

// Decode reads a manifest and checks that it is the one named by sum and that
// every part it names has a sum of its own.
func Decode(raw []byte, sum string) (Manifest, error) {
	var m Manifest
	if got := Sum(raw); got != sum {
		return m, fmt.Errorf("the manifest has the sum %s, not %s: it was changed or cut short", got, sum)
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, fmt.Errorf("decode manifest %s: %w", sum, err)
	}
	files := []File{m.Settings}
	for _, binaries := range []map[string]File{m.Allocator, m.Agent} {
		for _, f := range binaries {
			files = append(files, f)
		}
	}
	for _, f := range files {
		if f.Key == "" || !IsSum(f.SHA256) {
			return m, fmt.Errorf("manifest %s names the object %q without a sum", sum, f.Key)
		}
	}
	return m, nil
}

// Sum is the SHA-256 of raw in hexadecimal.
func Sum(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
