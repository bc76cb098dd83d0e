package allocator_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newWorld(t *testing.T) *allocatortest.World { return allocatortest.New(t) }
