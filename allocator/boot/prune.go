package boot

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/talmolab/lablink-infrastructure/api/host"
	"github.com/talmolab/lablink-infrastructure/api/release"
)

// keptReleases is how many releases stay on the host, those included that run and
// ran before.
const keptReleases = 3

// prune removes the releases that were used longest ago.
func prune(keep ...string) error {
	entries, err := os.ReadDir(host.Path(host.ReleasesDir))
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
		failed = errors.Join(failed, drop(name))
	}
	return failed
}

// drop removes a release from the host. What is no release has no folder.
func drop(sum string) error {
	if !release.IsSum(sum) {
		return nil
	}
	if err := os.RemoveAll(host.Path(host.ReleaseDir(sum))); err != nil {
		return fmt.Errorf("remove release %s: %w", sum, err)
	}
	return nil
}
