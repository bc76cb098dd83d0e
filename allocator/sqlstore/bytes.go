package sqlstore

import (
	"fmt"
	"regexp"
)

var braced = regexp.MustCompile(`\{([^}]+)\}`)

// bytes is a query in which {…} stands for the bytes of what is written in hexadecimal
// digits.
func (d Dialect) bytes(query string) string {
	return braced.ReplaceAllString(query, fmt.Sprintf(d.Bytes, "$1"))
}
