//go:build race

package agent_test

import "time"

// absence is shorter where each try costs ten times as much: pauses have grown to their
// longest after a few minutes.
const absence = 6 * time.Minute
