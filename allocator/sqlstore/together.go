package sqlstore

import (
	"encoding/json"
	"fmt"
	"regexp"
)

var braced = regexp.MustCompile(`\{([^}]+)\}`)

// bytes is a query in which {…} stands for the bytes of what is written in hexadecimal
// digits.
func (d Dialect) bytes(query string) string {
	return braced.ReplaceAllString(query, fmt.Sprintf(d.Bytes, "$1"))
}

// numbered is a list as json_each of either database takes it: an object whose keys are
// the numbers.
func numbered[T any](list []T) (string, error) {
	out := make(map[int]T, len(list))
	for i, v := range list {
		out[i] = v
	}
	raw, err := json.Marshal(out)
	return string(raw), err
}
