//go:build !race

package agent_test

import "time"

// absence is how long an allocator is away from a thousand agents.
const absence = time.Hour
