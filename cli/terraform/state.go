package terraform

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
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

// how says where a state comes from.
const how = "give what tofu state pull (or terraform state pull) prints in the folder of the deployment"

// Read reads a state. What is none, or one that cannot be read as it is, is refused
// with what to do.
func Read(name string, raw []byte) (*State, error) {
	refuse := func(format string, args ...any) (*State, error) {
		return nil, api.Problemf(api.Invalid, name+" is not a state that can be read", format, args...)
	}
	var kind struct {
		FormatVersion string          `json:"format_version"`
		Encrypted     json.RawMessage `json:"encrypted_data"`
	}
	if err := json.Unmarshal(raw, &kind); err != nil {
		return refuse("it is not JSON (%s): %s", err, how)
	}
	switch {
	case kind.Encrypted != nil:
		return refuse("it is encrypted: %s, which decrypts it", how)
	case kind.FormatVersion != "":
		return refuse("it is the output of show -json, which is no state: %s", how)
	}
	s := &State{}
	if err := json.Unmarshal(raw, s); err != nil {
		return refuse("%s: %s", err, how)
	}
	switch {
	case s.Version == 0 || s.Lineage == "":
		return refuse("it has no version or no lineage: %s", how)
	case s.Version != 4:
		return refuse("it is of version %d, and version 4 is read: run tofu apply -refresh-only there with OpenTofu 1.10 or newer, which writes it anew", s.Version)
	case len(s.Resources) == 0:
		return refuse("it is empty: nothing is deployed, so nothing has to be taken over")
	}
	if err := json.Unmarshal(raw, &s.content); err != nil {
		return refuse("%s: %s", err, how)
	}
	return s, nil
}

// BackedUpBy refuses what is not a copy of the state.
func (s *State) BackedUpBy(backup *State) error {
	const title = "The backup is not one of this state"
	switch {
	case backup.Lineage != s.Lineage:
		return api.Problemf(api.Invalid, title, "It is of another deployment: its lineage is %s, the state's %s.", backup.Lineage, s.Lineage)
	case backup.Serial != s.Serial:
		return api.Problemf(api.Invalid, title, "Its serial is %d, the state's %d: pull the state again, and copy that.", backup.Serial, s.Serial)
	case !reflect.DeepEqual(backup.content, s.content):
		return api.Problemf(api.Invalid, title, "Both have the serial %d, and not the same content: pull the state again, and copy that.", s.Serial)
	}
	return nil
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

func (s *State) managed(kind string) []object  { return s.objects("managed", kind) }
func (s *State) lookedUp(kind string) []object { return s.objects("data", kind) }

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
