package preview

import (
	"fmt"
	"math"
)

// number is a number within properties: 0 where there is none, and no number where
// it is known after the deployment only.
func number(in map[string]any, path ...string) float64 {
	for _, name := range path[:len(path)-1] {
		in, _ = in[name].(map[string]any)
	}
	v := in[path[len(path)-1]]
	if v == unknown {
		return math.NaN()
	}
	n, _ := v.(float64)
	return n
}

// truth is 1 where a property is true.
func truth(in map[string]any, name string) float64 {
	if v, ok := in[name].(bool); ok && v {
		return 1
	}
	return 0
}

// text is a property as text, "" where it is not there.
func text(in map[string]any, name string) string {
	if v, ok := in[name]; ok && v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

func list(in map[string]any, name string) []any {
	v, _ := in[name].([]any)
	return v
}
