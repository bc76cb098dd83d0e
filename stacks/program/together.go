package program

import (
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// look is one look-up. What it has to say goes into said.
type look func(said *remarks) error

// remarks are what a look-up has to say in the plan.
type remarks struct{ list []func(*pulumi.Context) error }

func (r *remarks) warn(text string) {
	r.list = append(r.list, func(ctx *pulumi.Context) error { return ctx.Log.Warn(text, nil) })
}

func (r *remarks) info(text string) {
	r.list = append(r.list, func(ctx *pulumi.Context) error { return ctx.Log.Info(text, nil) })
}

// together runs look-ups at once. It tells of them in their order, whichever was
// first: what they have to say, until one that failed.
func together(ctx *pulumi.Context, looks ...look) error {
	said, failed := make([]remarks, len(looks)), make([]error, len(looks))
	var all sync.WaitGroup
	for i, look := range looks {
		all.Go(func() { failed[i] = look(&said[i]) })
	}
	all.Wait()
	for i := range looks {
		for _, remark := range said[i].list {
			if err := remark(ctx); err != nil {
				return err
			}
		}
		if failed[i] != nil {
			return failed[i]
		}
	}
	return nil
}
