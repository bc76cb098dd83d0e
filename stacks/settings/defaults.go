package settings

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/edge"
)

// applyDefaults fills what was left out: by the tags first, then by what
// depends on other settings.
func (s *Settings) applyDefaults() {
	fillDefaults(reflect.ValueOf(s).Elem())
	class := Other
	if strings.HasPrefix(s.Environment, "prod") {
		class = Production
	}
	setDefault(&s.EnvironmentClass, class)
	mode := None
	if s.DNS.Domain != "" || s.DNS.Provider != None { // a record without a domain is one problem, not two
		mode = ACME
	}
	setDefault(&s.TLS.Mode, mode)
	if len(s.Network.AllowedCidrs) == 0 {
		s.Network.AllowedCidrs = []string{everybody}
		if s.BehindCloudflare() {
			s.Network.AllowedCidrs = edge.Ranges()
		}
	}
	setDefault(&s.GitHub.Environment, s.Environment)
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func fillDefaults(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if text, ok := v.Type().Field(i).Tag.Lookup("default"); ok && v.Field(i).IsZero() {
				setText(v.Field(i), text)
			}
			fillDefaults(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			fillDefaults(v.Index(i))
		}
	}
}

// setText gives a field the value that its tag writes. A tag that does not fit
// its field is a mistake in this package, and every test finds it.
func setText(field reflect.Value, text string) {
	if field.Kind() == reflect.Pointer {
		field.Set(reflect.New(field.Type().Elem()))
		field = field.Elem()
	}
	switch field.Kind() {
	case reflect.String:
		field.SetString(text)
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			panic(err)
		}
		field.SetInt(int64(n))
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			panic(err)
		}
		field.SetFloat(f)
	case reflect.Bool:
		field.SetBool(text == "true")
	default:
		panic("settings: no default for a " + field.Kind().String())
	}
}

// checkChoices refuses values that are not among those that a tag lists.
func checkChoices(path string, v reflect.Value, p *Problems) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name := f.Tag.Get("json")
			if name == "-" {
				continue
			}
			key := strings.TrimPrefix(path+"."+name, ".")
			if choices, ok := f.Tag.Lookup("enum"); ok {
				oneOf(p, key, v.Field(i).String(), strings.Split(choices, ",")...)
			}
			checkChoices(key, v.Field(i), p)
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkChoices(fmt.Sprintf("%s[%d]", path, i), v.Index(i), p)
		}
	}
}

func oneOf(p *Problems, key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		p.add(key, "use one of "+strings.Join(allowed, ", "), "is %q", value)
	}
}
