package provider

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// property is an input or output as pulumi-aws's Go types declare it.
type property struct {
	kind     reflect.Type
	required bool
}

// properties reads the fields of a struct that carry a pulumi tag.
func properties(t reflect.Type) map[string]property {
	out := map[string]property{}
	for _, f := range reflect.VisibleFields(t) {
		name, ok := f.Tag.Lookup("pulumi")
		if !ok || name == "" {
			continue
		}
		out[name] = property{kind: f.Type, required: !optional(f.Type)}
	}
	return out
}

func optional(t reflect.Type) bool {
	return slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface}, t.Kind())
}

// jsonNames are the names under which a struct's fields are encoded.
func jsonNames(t reflect.Type) map[string]bool {
	out := map[string]bool{}
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			out[name] = true
		}
	}
	return out
}

// failure is what is wrong with one property.
type failure struct{ property, reason string }

// check compares inputs with what pulumi-aws declares and with what the
// account models.
func (k kind) check(in resource.PropertyMap) []failure {
	failures := checkObject("", in, k.inputs)
	for _, key := range in.StableKeys() {
		name := string(key)
		if _, declared := k.inputs[name]; declared && !k.modelled[name] && !slices.Contains(k.Content, name) {
			failures = append(failures, failure{name, "the simulator does not model this property"})
		}
	}
	return failures
}

func checkObject(path string, in resource.PropertyMap, declared map[string]property) []failure {
	var out []failure
	for _, key := range in.StableKeys() {
		if resource.IsInternalPropertyKey(key) {
			continue
		}
		p, ok := declared[string(key)]
		if !ok {
			out = append(out, failure{path + string(key), "there is no such property"})
			continue
		}
		out = append(out, checkValue(path+string(key), in[key], p.kind)...)
	}
	for name, p := range declared {
		if v, ok := in[resource.PropertyKey(name)]; p.required && (!ok || v.IsNull()) {
			out = append(out, failure{path + name, "this property is required"})
		}
	}
	return out
}

func checkValue(path string, v resource.PropertyValue, t reflect.Type) []failure {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case v.IsSecret():
		return checkValue(path, v.SecretValue().Element, t)
	case v.IsOutput():
		return checkValue(path, v.OutputValue().Element, t)
	case v.IsComputed() || v.IsNull() || t.Kind() == reflect.Interface:
		return nil
	}
	wrong := []failure{{path, fmt.Sprintf("expected %s, got %s", t.Kind(), v.TypeString())}}
	switch t.Kind() {
	case reflect.String:
		if v.IsString() {
			return nil
		}
	case reflect.Bool:
		if v.IsBool() {
			return nil
		}
	case reflect.Int, reflect.Float64:
		if v.IsNumber() {
			return nil
		}
	case reflect.Slice:
		return checkElements(path, v, t, wrong)
	case reflect.Map:
		return checkEntries(path, v, t, wrong)
	case reflect.Struct:
		if v.IsObject() {
			return checkObject(path+".", v.ObjectValue(), properties(t))
		}
	}
	return wrong
}

func checkElements(path string, v resource.PropertyValue, t reflect.Type, wrong []failure) []failure {
	if !v.IsArray() {
		return wrong
	}
	var out []failure
	for i, e := range v.ArrayValue() {
		out = append(out, checkValue(fmt.Sprintf("%s[%d]", path, i), e, t.Elem())...)
	}
	return out
}

func checkEntries(path string, v resource.PropertyValue, t reflect.Type, wrong []failure) []failure {
	if !v.IsObject() {
		return wrong
	}
	var out []failure
	for key, e := range v.ObjectValue() {
		out = append(out, checkValue(path+"."+string(key), e, t.Elem())...)
	}
	return out
}
