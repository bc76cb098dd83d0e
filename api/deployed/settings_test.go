package deployed_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

func TestWhatTheStackWritesIsWhatTheAllocatorReads(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		want := rapid.Make[deployed.Settings]().Draw(r, "settings")
		raw, err := json.Marshal(want)
		require.NoError(r, err)
		got, err := deployed.Decode(raw)
		require.NoError(r, err)
		assert.Equal(r, want, got)
	})
}

func TestSettingsOfAnotherVersionAreRefused(t *testing.T) {
	for why, c := range map[string]struct{ raw, says string }{
		"a key that is not known":            {`{"deployment": "lablink", "colour": "blue"}`, `unknown field "colour"`},
		"a key inside that is not known":     {`{"pools": [{"name": "gpu", "colour": "blue"}]}`, `unknown field "colour"`},
		"text for a number":                  {`{"pools": [{"maxMachines": "4"}]}`, "cannot unmarshal string"},
		"nothing":                            {``, "EOF"},
		"settings that were cut short":       {`{"deployment": "lab`, "unexpected EOF"},
		"settings with something after them": {`{"deployment": "lab"} {}`, "something follows them"},
	} {
		_, err := deployed.Decode([]byte(c.raw))
		assert.ErrorContains(t, err, "decode settings", why)
		assert.ErrorContains(t, err, c.says, why)
	}
}
