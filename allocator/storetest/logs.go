package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func logIsBounded(t *testing.T, w *world) {
	_, machines := w.ready(t, 2)
	const keep = 4000
	batch := func(run string, number int64, text string) api.LogBatch {
		return api.LogBatch{Run: run, Number: number, Lost: int(number), Lines: []api.LogLine{{At: w.now, Level: "info", Source: "agent", Text: text}}}
	}
	add := func(machine int, b api.LogBatch) {
		require.NoError(t, w.AddLogs(t.Context(), machines[machine].ID, b, w.tick(), keep))
	}
	read := func(machine int, after int64, say func(allocator.LogBatch) string) (out []string, last int64) {
		got, err := w.Logs(t.Context(), machines[machine].ID, after, 100)
		require.NoError(t, err)
		for _, b := range got {
			require.Equal(t, int(b.Number), b.Lost)
			out, last = append(out, say(b)), b.Seq
		}
		return out, last
	}
	texts := func(machine int, after int64) ([]string, int64) {
		return read(machine, after, func(b allocator.LogBatch) string { return b.Lines[0].Text })
	}
	before := func(machine int, after int64) ([]string, int64) {
		return read(machine, after, func(b allocator.LogBatch) string { return b.Before })
	}
	add(0, batch("a", 1, "one"))
	add(1, batch("a", 1, "another's"))
	add(0, batch("a", 2, "two"))
	add(0, batch("a", 1, "one, whose answer was lost"))
	add(0, batch("b", 1, "after a restart"))
	got, last := texts(0, 0)
	require.Equal(t, []string{"one", "two", "after a restart"}, got)
	add(0, batch("b", 2, "more"))
	got, _ = texts(0, last)
	require.Equal(t, []string{"more"}, got)
	got, _ = before(0, 0)
	require.Equal(t, []string{"", "a", "a", "b"}, got, "which run is before each")
	got, _ = before(0, last)
	require.Equal(t, []string{"b"}, got, "also of one that is not read again")
	first, err := w.Logs(t.Context(), machines[0].ID, 0, 1)
	require.NoError(t, err)
	require.Len(t, first, 1)

	for i := range int64(10) {
		add(0, batch("c", 1+i, strings.Repeat("x", 1000)))
	}
	got, _ = texts(0, 0)
	require.Len(t, got, 3, "the newest that are at most %d bytes", keep)
	got, _ = before(0, 0)
	require.Equal(t, []string{"", "c", "c"}, got, "and what is forgotten is before nothing")
	got, _ = texts(1, 0)
	require.Equal(t, []string{"another's"}, got, "each machine has room of its own")

	forget := func(before time.Time) {
		require.NoError(t, w.Forget(t.Context(), allocator.Bygone{Logs: before}, w.now))
	}
	require.NoError(t, w.AddLogs(t.Context(), machines[1].ID, batch("b", 1, "nobody knows when"), time.Time{}, keep))
	forget(time.Time{})
	got, _ = texts(1, 0)
	require.Len(t, got, 2)
	forget(w.now)
	got, _ = texts(1, 0)
	require.Equal(t, []string{"nobody knows when"}, got, "what is too old is forgotten; what may be is from when that is looked for")
	w.tick()
	forget(w.now)
	got, _ = texts(1, 0)
	require.Empty(t, got)
}
