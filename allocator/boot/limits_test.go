package boot_test

import (
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/boot"
)

// What the unit ends, the next call finishes, but a release that is bad is not told as
// such.
func TestTheUnitGivesAnUpdateAsLongAsItsPartsTakeTogether(t *testing.T) {
	l := boot.Standard
	const programs = 7 // three times the turn, a copy, two rehearsals, the copy's end: each may take a second to end
	together := l.Fetch + 3*l.Ask + l.Copy + 3*l.Rehearsal + 2*l.Start + l.Watch + programs*time.Second
	require.Less(t, together, 5*time.Minute)
	require.Less(t, l.Ask+l.Copy+3*l.Rehearsal, l.Turn, "from one turn to the next")
	require.Less(t, 2*l.Start+l.Watch+l.Ask, l.Turn)

	raw, err := os.ReadFile("units/lablink-update.service")
	require.NoError(t, err)
	found := regexp.MustCompile(`(?m)^TimeoutStartSec=(\d+)$`).FindSubmatch(raw)
	require.NotNil(t, found)
	seconds, err := strconv.Atoi(string(found[1]))
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Duration(seconds)*time.Second, together+time.Minute, "a minute for downloads")
}
