package web

import "time"

// Needs is the role that each operation and page of staff needs.
var Needs = needs

// NewLimiter is what says how long a key has to wait.
func NewLimiter(burst int, every time.Duration, now func() time.Time) func(key string) time.Duration {
	return newLimiter(burst, every, now).wait
}
