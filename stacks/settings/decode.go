package settings

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/texttheater/golang-levenshtein/levenshtein"
)

var settingsType = reflect.TypeFor[Settings]()

// decode reads values into a struct and reports every key that is unknown and
// every value of a wrong type.
func decode(path string, values map[string]any, into any, problems *Problems) {
	target := reflect.ValueOf(into).Elem()
	for _, key := range slices.Sorted(maps.Keys(values)) {
		f, ok := fieldNamed(target.Type(), key)
		if !ok {
			problems.add(path+key, suggestion(path, key, target.Type()), "is not a setting")
			continue
		}
		decodeValue(path+key, values[key], target.FieldByIndex(f.Index), problems)
	}
}

func decodeValue(path string, v any, into reflect.Value, problems *Problems) {
	if v == nil {
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		decodeValue(path, v, into.Elem(), problems)
	case reflect.Struct:
		if object, ok := v.(map[string]any); ok {
			decode(path+".", object, into.Addr().Interface(), problems)
			return
		}
		problems.add(path, fmt.Sprintf("give it keys: %s", strings.Join(names(into.Type()), ", ")), "must be an object, not %s", describe(v))
	case reflect.Slice:
		list, ok := v.([]any)
		if !ok {
			problems.add(path, "write it as a YAML list, each entry after a dash", "must be a list, not %s", describe(v))
			return
		}
		into.Set(reflect.MakeSlice(into.Type(), len(list), len(list)))
		for i, e := range list {
			decodeValue(fmt.Sprintf("%s[%d]", path, i), e, into.Index(i), problems)
		}
	default:
		decodeScalar(path, v, into, problems)
	}
}

func decodeScalar(path string, v any, into reflect.Value, problems *Problems) {
	switch into.Kind() {
	case reflect.String:
		switch v := v.(type) {
		case string:
			into.SetString(v)
			return
		case json.Number: // an account number without quotes is one
			problems.add(path, fmt.Sprintf("put it in quotes: %q", v.String()), "must be text, not a number")
			return
		}
		problems.add(path, "write it as text", "must be text, not %s", describe(v))
	case reflect.Bool:
		if b, ok := v.(bool); ok {
			into.SetBool(b)
			return
		}
		problems.add(path, "write true or false", "must be true or false, not %s", describe(v))
	case reflect.Int:
		if n, ok := v.(json.Number); ok {
			if i, err := n.Int64(); err == nil {
				into.SetInt(i)
				return
			}
		}
		problems.add(path, "write a whole number", "must be a whole number, not %s", describe(v))
	case reflect.Float64:
		if n, ok := v.(json.Number); ok {
			if f, err := n.Float64(); err == nil {
				into.SetFloat(f)
				return
			}
		}
		problems.add(path, "write a number, for example 0.75", "must be a number, not %s", describe(v))
	}
}

func describe(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case string:
		return fmt.Sprintf("the text %q", v)
	case json.Number:
		return "the number " + v.String()
	}
	return fmt.Sprint(v)
}

func isText(t reflect.Type) bool { return t.Kind() == reflect.String }

func fieldNamed(t reflect.Type, name string) (reflect.StructField, bool) {
	for _, f := range reflect.VisibleFields(t) {
		if f.Tag.Get("json") == name && name != "-" {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

func names(t reflect.Type) []string {
	var out []string
	for _, f := range reflect.VisibleFields(t) {
		if name := f.Tag.Get("json"); name != "-" {
			out = append(out, name)
		}
	}
	return out
}

// suggestion names the setting that was probably meant: one that differs in at
// most three letters, and in fewer than half of them.
func suggestion(path, key string, t reflect.Type) string {
	best, distance := "", min(4, (len(key)+1)/2)
	for _, name := range names(t) {
		if d := levenshtein.DistanceForStrings([]rune(strings.ToLower(key)), []rune(strings.ToLower(name)), levenshtein.DefaultOptionsWithSub); d < distance {
			best, distance = name, d
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean lablink:%s%s?", path, best)
	}
	return fmt.Sprintf("remove it; the settings here are %s", strings.Join(names(t), ", "))
}
