package wire

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// query reads the parameters of an EC2 or STS call and remembers which were
// read, so that one nobody asked for is refused.
type query struct {
	values url.Values
	read   map[string]bool
}

func parseQuery(body []byte) (*query, error) {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, &cloud.Error{Code: "MalformedQueryString", Message: err.Error(), Status: 400}
	}
	return &query{values: values, read: map[string]bool{"Action": true, "Version": true}}, nil
}

func (q *query) get(name string) string {
	q.read[name] = true
	return q.values.Get(name)
}

func (q *query) number(name string) (int, error) {
	raw := q.get(name)
	if raw == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(raw)
	if err != nil {
		return 0, &cloud.Error{Code: "InvalidParameterValue", Message: fmt.Sprintf("Invalid value '%s' for %s", raw, name), Status: 400}
	}
	return n, nil
}

// list reads Name.1, Name.2 and so on.
func (q *query) list(name string) []string {
	var out []string
	for n := range q.count(name) {
		out = append(out, q.get(fmt.Sprintf("%s.%d", name, n+1)))
	}
	return out
}

// count is how many members a list has, whatever they are made of.
func (q *query) count(name string) int {
	highest := 0
	for key := range q.values {
		rest, ok := strings.CutPrefix(key, name+".")
		if !ok {
			continue
		}
		index, _, _ := strings.Cut(rest, ".")
		if n, err := strconv.Atoi(index); err == nil {
			highest = max(highest, n)
		}
	}
	return highest
}

// tags reads Name.N.Key and Name.N.Value.
func (q *query) tags(name string) map[string]string {
	out := map[string]string{}
	for n := range q.count(name) {
		at := fmt.Sprintf("%s.%d.", name, n+1)
		out[q.get(at+"Key")] = q.get(at + "Value")
	}
	return out
}

// rest refuses parameters that were not read.
func (q *query) rest() error {
	var unknown []string
	for key := range q.values {
		if !q.read[key] {
			unknown = append(unknown, key)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	return &cloud.Error{Code: "UnknownParameter", Message: fmt.Sprintf("The simulator does not model the parameter(s) %s", strings.Join(unknown, ", ")), Status: 400}
}
