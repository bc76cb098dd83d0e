package sqlstore

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

var braced = regexp.MustCompile(`\{([^}]+)\}`)

// words is a query as the database has its words: {…} stands for the bytes of what is
// written in hexadecimal digits, and json_each is what takes a list apart.
func (d Dialect) words(query string) string {
	query = braced.ReplaceAllString(query, fmt.Sprintf(d.Bytes, "$1"))
	return strings.ReplaceAll(query, "json_each(", cmp.Or(d.Each, "json_each")+"(")
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
