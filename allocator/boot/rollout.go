package boot

import (
	"errors"
	"io/fs"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// rolloutFile is what the updater knows, for its next call, for the service, and for
// the host that takes this one's place: it is with the data.
const rolloutFile = DataDir + "/rollout.json"

// rollout is what the updater keeps.
type rollout struct {
	api.Rollout
	// FailedPointer is the version of the pointer under which Failed failed: the
	// same release that is set anew is tried again.
	FailedPointer int64 `json:"failedPointer,omitempty"`
	// Served is the release that served last. A new host starts with it.
	Served string `json:"served,omitempty"`
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
