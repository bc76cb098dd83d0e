package stack

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// project is what is read of Pulumi.yaml and of a stack's file.
type project struct {
	Backend struct{ URL string }
	Config  map[string]any
	// Secrets is the secrets provider, and Key its data key, encrypted.
	Secrets string `yaml:"secretsprovider"`
	Key     string `yaml:"encryptedkey"`
}

func readFile(name string) (project, error) {
	var p project
	raw, err := os.ReadFile(name)
	if err == nil {
		err = yaml.Unmarshal(raw, &p)
	}
	if err != nil {
		return p, fmt.Errorf("read %s: %w", name, err)
	}
	return p, nil
}

// text is a setting that is text.
func (p project) text(key string) string {
	switch v := p.Config[key].(type) {
	case string:
		return v
	case map[string]any: // Pulumi.yaml declares defaults so
		s, _ := v["value"].(string)
		return s
	}
	return ""
}

// setConfig writes a setting into the text of a stack's file: over the line that
// it has, else as the first below config.
func setConfig(text, key, value string) (string, error) {
	line := regexp.MustCompile(`(?m)^([ \t]+)` + regexp.QuoteMeta(key) + `:.*$`)
	if at := line.FindStringSubmatchIndex(text); at != nil {
		return text[:at[0]] + text[at[2]:at[3]] + key + ": " + value + text[at[1]:], nil
	}
	head := regexp.MustCompile(`(?m)^config:[ \t]*(#.*)?$`).FindStringIndex(text)
	if head == nil {
		return "", fmt.Errorf("there is no line config: to write %s below", key)
	}
	indent := "  "
	if first := regexp.MustCompile(`(?m)^([ \t]+)[^\s#]`).FindStringSubmatch(text[head[1]:]); first != nil {
		indent = first[1]
	}
	return text[:head[1]] + "\n" + indent + key + ": " + value + text[head[1]:], nil
}

// setBackend writes into the text of Pulumi.yaml where the state of its stacks is.
func setBackend(text, url string) string {
	return strings.TrimRight(text, "\n") + "\n# Where the state of stacks is kept, made by `make bootstrap`. PULUMI_BACKEND_URL\n# in the environment goes before it.\nbackend:\n  url: " + url + "\n"
}

// edit changes a file as a whole or not at all.
func edit(name string, change func(string) (string, error)) error {
	raw, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	text, err := change(string(raw))
	if err != nil {
		return fmt.Errorf("change %s: %w", name, err)
	}
	if text == string(raw) {
		return nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("change %s: %w", name, err)
	}
	if err := os.WriteFile(name+".new", []byte(text), info.Mode()); err != nil {
		return fmt.Errorf("change %s: %w", name, err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		return fmt.Errorf("change %s: %w", name, err)
	}
	return nil
}
