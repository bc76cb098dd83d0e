package agent

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAChangeThatWasDroppedWhileItWasToldTakesNoOtherWithIt(t *testing.T) {
	c := newChanges()
	for range maxChanges {
		c.add(api.Report{})
	}
	telling, _ := c.first()
	c.add(api.Report{}) // takes its place
	next, _ := c.first()
	require.NotSame(t, telling, next)
	c.told(telling)
	still, _ := c.first()
	assert.Same(t, next, still)
	c.told(next)
	after, _ := c.first()
	assert.NotSame(t, next, after)
}
