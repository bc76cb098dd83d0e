package stackfile

import (
	"encoding/json"
	"fmt"
)

// Config is what pulumi gives to a program, of the project and of the stack: values
// by full key, objects and lists as JSON. What is encrypted is left out.
func (f *File) Config() (map[string]string, error) {
	all := map[string]any{}
	for key, value := range f.project.Config {
		all[key] = declared(value)
	}
	var own map[string]any
	if err := f.config.Decode(&own); err != nil {
		return nil, fmt.Errorf("read %s: %w", f.path, err)
	}
	for key, value := range own {
		all[key] = value
	}
	out := map[string]string{}
	for key, value := range all {
		if object, is := value.(map[string]any); is && len(object) == 1 && object["secure"] != nil || value == nil {
			continue
		}
		if text, is := value.(string); is {
			out[key] = text
			continue
		}
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("read %s of %s: %w", key, f.path, err)
		}
		out[key] = string(raw)
	}
	return out, nil
}

// declared is the value of a setting that the project declares, or sets.
func declared(value any) any {
	object, is := value.(map[string]any)
	if !is {
		return value
	}
	if set, is := object["value"]; is {
		return set
	}
	return object["default"]
}

// Secrets are the stack's secrets provider and its key, encrypted; "" for what the
// file does not say.
func (f *File) Secrets() (provider, key string) {
	return text(f.whole, "secretsprovider"), text(f.whole, "encryptedkey")
}

// Backend is the URL of where the project keeps the state of its stacks, or "".
func (f *File) Backend() string { return f.project.Backend.URL }
