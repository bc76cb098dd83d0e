package terraform

import (
	"encoding/json"
	"fmt"
	"strings"
)

// State is what Terraform knows of a deployment, as `tofu state pull` prints it.
type State struct {
	Version int
	// TerraformVersion wrote it.
	TerraformVersion string `json:"terraform_version"`
	// Lineage is the same for all states of a deployment, Serial counts them.
	Lineage string
	Serial  uint64
	Outputs struct {
		URL struct{ Value string } `json:"allocator_fqdn"`
	}
	Resources []resource

	content map[string]any // all of it, to compare
}

// resource is a block of the configuration.
type resource struct {
	Module, Mode, Type, Name string
	Instances                []instance
}

// instance is one thing that a block stands for.
type instance struct {
	Index        any `json:"index_key"`
	Attributes   json.RawMessage
	Dependencies []string
}

// object is one thing of the state, with its address in Terraform.
type object struct {
	resource
	instance
	Address string
}

// objects are those of a type: what Terraform manages, or has looked up as data.
func (s *State) objects(mode, kind string) []object {
	var out []object
	for _, r := range s.Resources {
		if r.Mode != mode || kind != "" && r.Type != kind {
			continue
		}
		for _, i := range r.Instances {
			out = append(out, object{r, i, r.address() + i.suffix()})
		}
	}
	return out
}

func (s *State) managed(kind string) []object { return s.objects("managed", kind) }

// address is how Terraform calls the block.
func (r resource) address() string {
	parts := []string{r.Type, r.Name}
	if r.Mode == "data" {
		parts = append([]string{"data"}, parts...)
	}
	if r.Module != "" {
		parts = append([]string{r.Module}, parts...)
	}
	return strings.Join(parts, ".")
}

// suffix is the index of one of several.
func (i instance) suffix() string {
	switch at := i.Index.(type) {
	case float64:
		return fmt.Sprintf("[%d]", int(at))
	case string:
		return fmt.Sprintf("[%q]", at)
	}
	return ""
}

// read takes attributes out of an object: those that T has.
func read[T any](o object) (T, error) {
	var a T
	if err := json.Unmarshal(o.Attributes, &a); err != nil {
		return a, fmt.Errorf("read %s of the state: %w", o.Address, err)
	}
	return a, nil
}
