package gpu

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// shut are events that were given back: NVML would crash if it were asked for them.
type shut struct{ Events }

func TestEventsThatWereGivenBackAreNotAskedFor(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	e := &ear{events: shut{}, ctx: ctx, stop: stop, closed: true}
	require.NotPanics(t, func() { e.wait(t.Context(), nil) })
}
