package control

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAProcessEndsUntilAllOfItsThreadsHaveEnded(t *testing.T) {
	for _, c := range []struct {
		why, state     string
		flags, threads int
		want           bool
	}{
		{"it lets go of its files", "R", 0x4, 1, true},
		{"it waits for a disk", "D", 0x4, 1, true},
		{"another thread lets go", "Z", 0x4, 3, true},
		{"nobody has asked about it", "Z", 0x4, 1, false},
		{"it is of the kernel", "I", 0x208040, 1, false},
	} {
		dir := t.TempDir()
		line := fmt.Sprintf("7 (a) name) %s 1 7 7 0 -1 %d 0 0 0 0 0 0 0 0 20 0 %d 0 1 0 0", c.state, c.flags, c.threads)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "stat"), []byte(line+"\n"), 0o600))
		require.Equal(t, c.want, ends(dir), c.why)
	}
	require.False(t, ends(t.TempDir()), "it is gone")
}
