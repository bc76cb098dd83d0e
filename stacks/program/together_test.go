package program

import (
	"errors"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
)

// Whichever is answered first, a plan reads the same.
func TestLookUpsRunAtOnceAndAreToldOfInTheirOrder(t *testing.T) {
	var told []string
	tell := func(said *remarks, what string) {
		said.list = append(said.list, func(*pulumi.Context) error { told = append(told, what); return nil })
	}
	last := make(chan struct{})
	second := errors.New("the second")
	err := together(nil,
		func(said *remarks) error { tell(said, "the first has no image"); return nil },
		func(said *remarks) error {
			<-last
			tell(said, "the second is not pinned")
			return second
		},
		func(said *remarks) error {
			tell(said, "the third is never told")
			close(last)
			return errors.New("the third")
		},
	)
	assert.Same(t, second, err)
	assert.Equal(t, []string{"the first has no image", "the second is not pinned"}, told)
}
