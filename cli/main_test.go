package cli_test

import (
	"os"
	"testing"
	"time"
)

// TestMain lets the tests run on a clock that is not UTC, as most computers'.
func TestMain(m *testing.M) {
	time.Local = time.FixedZone("IST", 5*3600+1800)
	os.Exit(m.Run())
}
