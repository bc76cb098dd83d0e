package stackfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"
)

// File is a stack's file.
type File struct {
	path, text string
	config     *yaml.Node
	whole      *yaml.Node
	region     string // of the project
	project    project
}

// project is what is read of Pulumi.yaml.
type project struct {
	Backend struct{ URL string }
	Config  map[string]any
}

// Pool is a kind of machine, as far as its image goes.
type Pool struct {
	Name  string
	Image Image
}

// Image is what a pool's machines start from.
type Image struct{ ID, SSMParameter, Pipeline string }

// Read reads the file of a stack whose project is in dir.
func Read(dir, stack string) (*File, error) {
	return ReadAt(dir, filepath.Join(dir, "Pulumi."+stack+".yaml"))
}

// ReadAt is Read for a stack that another file configures.
func ReadAt(dir, path string) (*File, error) {
	f := &File{path: path}
	raw, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s: name a stack of this folder, or go to the one with Pulumi.yaml", f.path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the stack's file: %w", err)
	}
	if err := f.parse(string(raw)); err != nil {
		return nil, err
	}
	if raw, err = os.ReadFile(filepath.Join(dir, "Pulumi.yaml")); err != nil {
		return nil, fmt.Errorf("read the project: %w", err)
	}
	if err := yaml.Unmarshal(raw, &f.project); err != nil {
		return nil, fmt.Errorf("read the project: %w", err)
	}
	f.region, _ = declared(f.project.Config["aws:region"]).(string)
	return f, nil
}

func (f *File) parse(text string) error {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return fmt.Errorf("read %s: %w", f.path, err)
	}
	if len(document.Content) != 1 || child(document.Content[0], "config") == nil {
		return fmt.Errorf("read %s: it has no config", f.path)
	}
	f.text, f.whole, f.config = text, document.Content[0], child(document.Content[0], "config")
	return nil
}

// Write writes the file.
func (f *File) Write() error {
	if err := os.WriteFile(f.path, []byte(f.text), 0o644); err != nil {
		return fmt.Errorf("write the stack's file: %w", err)
	}
	return nil
}

// Region is the stack's Region, or the project's.
func (f *File) Region() string {
	if region := text(f.config, "aws:region"); region != "" {
		return region
	}
	return f.region
}

// Kind is which composition the stack is; "" is an environment.
func (f *File) Kind() string { return text(f.config, "lablink:kind") }

// Pools are the kinds of machines, in their order.
func (f *File) Pools() []Pool {
	var out []Pool
	for _, p := range f.pools() {
		i := child(p, "image")
		out = append(out, Pool{Name: text(p, "name"), Image: Image{text(i, "id"), text(i, "ssmParameter"), text(i, "pipeline")}})
	}
	return out
}

func (f *File) pools() []*yaml.Node {
	if list := child(f.config, "lablink:pools"); list != nil && list.Kind == yaml.SequenceNode {
		return list.Content
	}
	return nil
}

// Host is the host's instance type and image; "" where the file leaves them out.
func (f *File) Host() (instanceType, ami string) {
	allocator := child(f.config, "lablink:allocator")
	return text(allocator, "instanceType"), text(allocator, "ami")
}

// child is the value of a key, or nil.
func child(mapping *yaml.Node, key string) *yaml.Node {
	_, value := entry(mapping, key)
	return value
}

func entry(mapping *yaml.Node, key string) (name, value *yaml.Node) {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i], mapping.Content[i+1]
		}
	}
	return nil, nil
}

// text is the value of a key that is text, or "".
func text(mapping *yaml.Node, key string) string {
	if v := child(mapping, key); v != nil && v.Kind == yaml.ScalarNode && v.Tag != "!!null" {
		return v.Value
	}
	return ""
}
