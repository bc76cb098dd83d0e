package host

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/talmolab/lablink-infrastructure/api/release"
)

// keptReleases is how many releases stay on the host, those included that run and
// ran before.
const keptReleases = 3

// Prune removes the releases that were used longest ago.
func Prune(keep ...string) error {
	entries, err := os.ReadDir(Path(ReleasesDir))
	if err != nil {
		return fmt.Errorf("look for old releases: %w", err)
	}
	used := map[string]int64{}
	var names []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return fmt.Errorf("look for old releases: %w", err)
		}
		if !slices.Contains(keep, e.Name()) {
			names = append(names, e.Name())
			used[e.Name()] = info.ModTime().UnixNano()
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(used[b], used[a]) })
	var failed error
	for _, name := range names[min(len(names), max(0, keptReleases-len(keep))):] {
		failed = errors.Join(failed, Drop(name))
	}
	return failed
}

// Drop removes a release. What is no release has no folder.
func Drop(sum string) error {
	if !release.IsSum(sum) {
		return nil
	}
	if err := os.RemoveAll(Path(ReleaseDir(sum))); err != nil {
		return fmt.Errorf("remove release %s: %w", sum, err)
	}
	return nil
}
