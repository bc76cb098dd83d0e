package web

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestFilesOfAnArchiveHaveNamesThatEverySystemTakes(t *testing.T) {
	names := windowsNames{}
	for _, c := range [][3]string{
		{"ann@example.org", "2026-03-01T090000Z/results/a.csv", "ann@example.org/2026-03-01T090000Z/results/a.csv"},
		{"ann@example.org", "results/what?.csv", "ann@example.org/results/what_.csv"},
		{"ann@example.org", "results/what*.csv", "ann@example.org/results/what_ (2).csv"},
		{"ann@example.org", "Results/WHAT_.CSV", "ann@example.org/Results/WHAT_ (3).CSV"},
		{"ann@example.org", "../../etc/passwd", "ann@example.org/_/_/etc/passwd"},
		{"ann@example.org", `C:\windows\con`, "ann@example.org/C__windows_con"},
		{"ann@example.org", "con/AUX.txt/nul .csv", "ann@example.org/_con/_AUX.txt/_nul .csv"},
		{"ann@example.org", "dots... /end. ", "ann@example.org/dots/end"},
		{"ann@example.org", "a\x00b\nc", "ann@example.org/a_b_c"},
		{`"<a|b>"@example.org`, "/x", "__a_b__@example.org/x"},
		{"", "x", "x"},
	} {
		require.Equal(t, c[2], names.of(c[0], c[1]))
	}
	long := names.of("ann@example.org", strings.Repeat("ä", 300)+".csv")
	require.True(t, strings.HasSuffix(long, ".csv"))
	require.LessOrEqual(t, len([]rune(long)), 100)
}

// Somebody may have thousands of files whose names are the same once they are cut.
func TestThousandsOfOneNameAreToldApartAtOnce(t *testing.T) {
	names := windowsNames{}
	for n := range 10_000 {
		names.of("ann@example.org", strings.Repeat("a", longestName)+strconv.Itoa(n))
	}
	require.Len(t, names, 10_000)
	require.Equal(t, 10_000, names["ann@example.org/"+strings.Repeat("a", longestName)], "each looked once")
}

func TestNoTwoFilesOfAnArchiveHaveOneName(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names, seen := windowsNames{}, map[string]bool{}
		for _, file := range rapid.SliceOfN(rapid.String(), 1, 20).Draw(t, "files") {
			name := names.of("ann@example.org", file)
			if seen[strings.ToLower(name)] {
				t.Fatalf("%q is there already", name)
			}
			seen[strings.ToLower(name)] = true
			for _, part := range strings.Split(name, "/") {
				if part == "" || part == "." || part == ".." || strings.ContainsAny(part, "<>:\"\\|?*\x00") {
					t.Fatalf("%q of %q is no name", part, file)
				}
			}
		}
	})
}
