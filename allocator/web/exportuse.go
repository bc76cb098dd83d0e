package web

import (
	"fmt"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// useOf is what a seat was used for; nil where nothing was measured.
func useOf(seat string, all []api.SeatUse) *api.SeatUse {
	i := slices.IndexFunc(all, func(u api.SeatUse) bool { return u.Seat == seat })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// useColumns are the columns of a file that tell it.
func useColumns(u *api.SeatUse) []string {
	if u == nil {
		u = &api.SeatUse{}
	}
	seconds := ""
	if u.Sessions > 0 {
		seconds = fmt.Sprint(u.Seconds)
	}
	var software, active []string
	for _, s := range u.Software {
		software = append(software, fmt.Sprintf("%s=%d", s.Name, s.Seconds))
		if s.Active != nil {
			active = append(active, fmt.Sprintf("%s=%d", s.Name, *s.Active))
		}
	}
	return []string{
		seconds, harmless(strings.Join(software, " ")), shown(u.GPUActive), shown(u.GPUPeak), shown(u.GPUMemory), shown(u.MemoryPeak), shown(u.LoadPeak), harmless(strings.Join(active, " ")),
	}
}

// shown is a value, or nothing where there is none.
func shown[T any](value *T) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(*value)
}
