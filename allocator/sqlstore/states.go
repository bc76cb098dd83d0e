package sqlstore

import (
	"strings"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// maySeat is the condition that a seat may go to a state, by the table of them. One state
// alone is compared, as the indexes of such seats are.
func maySeat(next allocator.SeatState) string {
	var quoted []string
	for _, s := range next.Before() {
		quoted = append(quoted, "'"+string(s)+"'")
	}
	if len(quoted) == 1 {
		return "state = " + quoted[0]
	}
	return "state IN (" + strings.Join(quoted, ", ") + ")"
}
