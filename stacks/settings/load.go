package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// namespace is the project's name: the part of a key before the colon.
const namespace = "lablink"

// Load reads the configuration of a stack, given as Pulumi hands it to a
// program: values by full key, objects and lists as JSON.
func Load(stack string, config map[string]string) (*Settings, error) {
	problems := &Problems{Stack: stack}
	s := &Settings{Environment: stack, Region: config["aws:region"]}
	values := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(config)) {
		name, ok := strings.CutPrefix(key, namespace+":")
		if !ok {
			continue
		}
		if dotted, rest, ok := strings.Cut(name, "."); ok {
			problems.add(name, fmt.Sprintf("write it nested: lablink:%s: {%s: …}", dotted, rest), "is a flat key with a dot")
			continue
		}
		values[name] = value(name, config[key])
	}
	decode("", values, s, problems)
	s.applyDefaults()
	s.check(problems)
	if len(problems.List) > 0 {
		return nil, problems
	}
	return s, nil
}

// value is a top-level value: text as it stands where the setting is text, JSON
// otherwise.
func value(name, raw string) any {
	if f, ok := fieldNamed(settingsType, name); ok && isText(f.Type) {
		return raw
	}
	dec := json.NewDecoder(strings.NewReader(raw))
	dec.UseNumber()
	var v, rest any
	if dec.Decode(&v) != nil || !errors.Is(dec.Decode(&rest), io.EOF) {
		return raw // text where something else is wanted: decode says so
	}
	return v
}
