package sqlite

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/talmolab/lablink-infrastructure/api"
)

// reasons say for people what is wrong with the file, by SQLite's codes, where it may
// be right again without this program.
// See https://www.sqlite.org/rescode.html.
var reasons = map[int]string{
	sqlite3.SQLITE_FULL:     "The allocator's disk is full.",
	sqlite3.SQLITE_BUSY:     "Another program keeps the database locked.",
	sqlite3.SQLITE_LOCKED:   "Another program keeps the database locked.",
	sqlite3.SQLITE_IOERR:    "The allocator's disk does not work as it should.",
	sqlite3.SQLITE_READONLY: "The allocator's disk does not work as it should.",
	sqlite3.SQLITE_CANTOPEN: "The allocator's disk does not work as it should.",
}

// kind is the part of a code that says what kind of error it is.
const kind = 0xff

// word says for people what an error means, where that helps them.
func word(err error) error {
	var said *sqlite.Error
	if !errors.As(err, &said) || reasons[said.Code()&kind] == "" {
		return err
	}
	return fmt.Errorf("%w (%w)", api.Problemf(api.Unavailable, "The allocator's data cannot be read or kept now",
		"%s Nothing was changed, and who has a machine keeps it. Try again in a minute; if it goes on, tell your administrator.", reasons[said.Code()&kind]), err)
}
