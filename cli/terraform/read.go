package terraform

import (
	"encoding/json"
	"reflect"

	"github.com/talmolab/lablink-infrastructure/api"
)

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
