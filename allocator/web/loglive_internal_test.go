package web

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAPageKeepsTheNewestLinesThatCame(t *testing.T) {
	f := followed{from: 7}
	shown := map[string]bool{}
	for _, n := range []int{1, mostFollowed - 1, 3, 2*mostFollowed + 5, 0, 1} {
		out := f.add(make([]api.LogLine, n))
		for _, id := range out.Gone {
			require.True(t, shown[id], "only what was there before goes: %s", id)
			delete(shown, id)
		}
		for _, line := range out.Lines {
			require.False(t, shown[line.ID], line.ID)
			shown[line.ID] = true
		}
		require.LessOrEqual(t, len(shown), mostFollowed)
	}
	require.Len(t, shown, mostFollowed)
}
