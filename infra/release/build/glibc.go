package build

import (
	"debug/elf"
	"fmt"
	"strings"
)

// newestGLIBC is the C library of the oldest system that the agent runs on:
// Ubuntu 22.04 has 2.35, Amazon Linux 2023 has 2.34.
var newestGLIBC = [2]int{2, 34}

// checkGLIBC refuses a binary that needs a newer C library than that.
func checkGLIBC(path string) error {
	f, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	defer f.Close()
	symbols, err := f.ImportedSymbols()
	if err != nil {
		return fmt.Errorf("read the symbols of %s: %w", path, err)
	}
	for _, s := range symbols {
		version, ok := strings.CutPrefix(s.Version, "GLIBC_")
		if !ok {
			continue
		}
		var v [2]int
		if _, err := fmt.Sscanf(version, "%d.%d", &v[0], &v[1]); err != nil {
			continue // GLIBC_PRIVATE and the like name no version
		}
		if v[0] > newestGLIBC[0] || v[0] == newestGLIBC[0] && v[1] > newestGLIBC[1] {
			return fmt.Errorf("the agent needs %s of GLIBC %s, but machines may have %d.%d only: build on Debian 12 or an older system", s.Name, version, newestGLIBC[0], newestGLIBC[1])
		}
	}
	return nil
}
