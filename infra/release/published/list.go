package published

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api/release"
)

// ListName is the list's file, beside the binaries.
const ListName = "release.json"

// List says what a published release is made of. Whoever has its sum has them
// all.
type List struct {
	// Version is the tag that it was published under, vX.Y.Z.
	Version string `json:"version"`
	// Protocol is the version of the conversation between allocator and agent.
	Protocol  int               `json:"protocol"`
	CreatedAt time.Time         `json:"createdAt"` // when the source last changed
	Toolchain release.Toolchain `json:"toolchain"`
	// Allocator and Agent are the binaries, by platform ("linux/arm64").
	Allocator map[string]Binary `json:"allocator"`
	Agent     map[string]Binary `json:"agent"`
}

// Binary is a file of a published release.
type Binary struct {
	File   string `json:"file"`   // its name, beside the list
	SHA256 string `json:"sha256"` // lower-case hexadecimal
	Bytes  int64  `json:"bytes"`
}

// fileName is how a binary is called where all of them lie together.
func fileName(binary, platform string) string {
	return binary + "_" + strings.ReplaceAll(platform, "/", "_")
}

func (l List) encode() ([]byte, error) {
	raw, err := json.MarshalIndent(l, "", "  ")
	return append(raw, '\n'), err
}

// decode reads a list. A key that is not known is refused: it says something
// that this program would not act on.
func decode(raw []byte) (List, error) {
	var l List
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&l); err != nil {
		return l, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return l, errors.New("something follows it")
	}
	for name, binaries := range map[string]map[string]Binary{"lablink-allocator": l.Allocator, "lablink-agent": l.Agent} {
		for platform, b := range binaries {
			if b.File != fileName(name, platform) || !release.IsSum(b.SHA256) || b.Bytes <= 0 || b.Bytes > maxBinary {
				return l, fmt.Errorf("its entry for %s on %s (%q, %d bytes) is not one", name, platform, b.File, b.Bytes)
			}
		}
	}
	return l, nil
}

// of is the binary for a platform.
func of(binary string, all map[string]Binary, platform string) (Binary, error) {
	if b, ok := all[platform]; ok {
		return b, nil
	}
	return Binary{}, fmt.Errorf("it has %s for %v, not for %s, which the instance types of this stack need: choose other types, or another version", binary, slices.Sorted(maps.Keys(all)), platform)
}

// Read is the list of the release that Write wrote into dir.
func Read(dir string) (List, error) {
	raw, err := os.ReadFile(filepath.Join(dir, ListName))
	if err != nil {
		return List{}, fmt.Errorf("read the release's list, which make release writes: %w", err)
	}
	l, err := decode(raw)
	if err != nil {
		return l, fmt.Errorf("read the release's list: %w", err)
	}
	return l, nil
}
