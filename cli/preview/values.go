package preview

import "fmt"

// number is a number within properties, 0 where there is none.
func number(in map[string]any, path ...string) float64 {
	for _, name := range path[:len(path)-1] {
		in, _ = in[name].(map[string]any)
	}
	n, _ := in[path[len(path)-1]].(float64)
	return n
}

// truth is 1 where a property is true.
func truth(in map[string]any, name string) float64 {
	if v, _ := in[name].(bool); v {
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
