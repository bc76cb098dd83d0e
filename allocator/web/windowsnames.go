package web

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf8"
)

// longestName is how many characters a part of a path keeps: Windows takes 260 of all.
const longestName = 80

// reserved are the names that Windows has for devices, whatever they end in
// (https://learn.microsoft.com/windows/win32/fileio/naming-a-file).
var reserved = map[string]bool{"con": true, "prn": true, "aux": true, "nul": true}

func init() {
	for n := range 10 {
		reserved[fmt.Sprintf("com%d", n)], reserved[fmt.Sprintf("lpt%d", n)] = true, true
	}
}

// windowsName is a name as every system can have it for a file.
func windowsName(name string) string {
	name = strings.Map(func(c rune) rune {
		if c < ' ' || c == utf8.RuneError || strings.ContainsRune(`<>:"/\|?*`, c) {
			return '_'
		}
		return c
	}, name)
	name = strings.TrimRight(shortName(name), ". ")
	if stem, _, _ := strings.Cut(strings.ToLower(name), "."); reserved[strings.TrimSpace(stem)] || name == "" {
		name = "_" + name
	}
	return name
}

// shortName cuts a name that is long, and leaves what it ends in.
func shortName(name string) string {
	runes := []rune(name)
	if len(runes) <= longestName {
		return name
	}
	ending := []rune(path.Ext(name))
	if len(ending) > longestName/4 {
		ending = nil
	}
	return string(runes[:longestName-len(ending)]) + string(ending)
}

// windowsNames are those that were given in an archive: none twice, also where capitals
// do not count. Of each it is known how many wanted it, so that thousands of one name do
// not look for a free one from the beginning.
type windowsNames map[string]int

// of is the name of a file in a folder, each part of which every system can have.
func (taken windowsNames) of(folder, file string) string {
	var parts []string
	for _, part := range append([]string{folder}, strings.Split(file, "/")...) {
		if part != "" {
			parts = append(parts, windowsName(part))
		}
	}
	name := strings.Join(parts, "/")
	wanted, ending := name, path.Ext(name)
	for taken[strings.ToLower(name)] > 0 {
		taken[strings.ToLower(wanted)]++
		name = fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(wanted, ending), taken[strings.ToLower(wanted)], ending)
	}
	taken[strings.ToLower(name)] = 1
	return name
}
