package boot

import (
	"errors"
	"io/fs"
	"strings"

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

// follow keeps what is known next, if that is something else.
func (r rollout) follow(next rollout) error {
	if next == r {
		return nil
	}
	return host.WriteJSON(rolloutFile, next)
}

func readRollout() (rollout, error) {
	var r rollout
	err := host.ReadJSON(rolloutFile, &r)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	return r, err
}

// maxReason bounds what is told of a reason, in bytes.
const maxReason = 600

// shorten makes one line of an error, which may be long.
func shorten(err error) string {
	said := strings.ReplaceAll(err.Error(), "\n", "; ")
	return strings.ToValidUTF8(said[:min(len(said), maxReason)], "")
}
