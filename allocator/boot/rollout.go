package boot

import (
	"errors"
	"io/fs"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// rolloutFile is what the updater knows, for its next call and for the service.
const rolloutFile = host.ConfigDir + "/rollout.json"

// rollout is what the updater keeps.
type rollout struct {
	api.Rollout
	// FailedPointer is the version of the pointer under which Failed failed: the
	// same release that is set anew is tried again.
	FailedPointer int64 `json:"failedPointer,omitempty"`
}

// Rollout is how this host follows the pointer. A host that was never updated
// knows nothing of it.
func Rollout() (api.Rollout, error) {
	r, err := readRollout()
	return r.Rollout, err
}

func readRollout() (rollout, error) {
	var r rollout
	err := host.ReadJSON(rolloutFile, &r)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	return r, err
}
