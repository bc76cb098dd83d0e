//go:build race

package agent_test

import "time"

// absence is shorter where each try costs ten times as much: pauses have grown to their
// longest after a few minutes. make test runs the whole hour, too, without the race detector.
const absence = 6 * time.Minute
