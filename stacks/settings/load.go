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

func (s *Settings) applyDefaults() {
	setDefault(&s.Kind, KindEnvironment)
	class := Other
	if strings.HasPrefix(s.Environment, "prod") {
		class = Production
	}
	setDefault(&s.EnvironmentClass, class)
	setDefault(&s.Network.Cidr, "10.20.0.0/16")
	if len(s.Network.AllowedCidrs) == 0 {
		s.Network.AllowedCidrs = []string{"0.0.0.0/0"}
	}
	setDefault(&s.DNS.Provider, None)
	mode := None
	if s.DNS.Domain != "" || s.DNS.Provider == Route53 { // a record without a domain is one problem, not two
		mode = ACME
	}
	setDefault(&s.TLS.Mode, mode)
	setDefault(&s.Allocator.Version, FromSource)
	setDefault(&s.Allocator.InstanceType, "t4g.small")
	setDefault(&s.Allocator.DataVolumeGiB, 20)
	for i := range s.Pools {
		setDefault(&s.Pools[i].RootVolumeGiB, 100)
	}
	setDefault(&s.GitHub.Environment, s.Environment)
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
