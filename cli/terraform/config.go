package terraform

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Config is what is carried over of a deployment's config.yaml. Passwords are not
// read, nor what the state says better.
type Config struct {
	Machine struct {
		Type string `yaml:"machine_type"`
	}
	SSL struct{ Provider, Email string }
}

// ReadConfig reads a config.yaml.
func ReadConfig(name string, raw []byte) (Config, error) {
	var c Config
	if err := yaml.Unmarshal(raw, &c); err != nil {
		return c, fmt.Errorf("read %s: %w", name, err)
	}
	return c, nil
}
