package cli

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// OperationsCommand works with what the allocator does in the background.
type OperationsCommand struct {
	AtStack
	List   ListOperationsCommand  `cmd:"" default:"withargs" help:"List what is being done, and was, the newest first."`
	Cancel CancelOperationCommand `cmd:"" help:"Cancel a launch that has not got all its machines."`
}

// ListOperationsCommand lists operations.
type ListOperationsCommand struct {
	Workshop string `help:"Only those of this workshop: its id, wks_…, or its name."`
	Limit    int    `default:"50" help:"How many, the newest (${default})."`
}

// Run lists them.
func (c ListOperationsCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	id, err := oneOrAll(ctx, client, c.Workshop)
	if err != nil {
		return err
	}
	all, err := paged[api.Operation](ctx, client, "/api/v1/operations", url.Values{"workshop": {id}}, c.Limit)
	if err != nil {
		return err
	}
	rows := [][]string{{"OPERATION", "WHAT", "STATE", "DONE", "BY", "SINCE", "MESSAGE"}}
	for _, op := range all {
		rows = append(rows, []string{op.ID, op.Kind, op.State, fmt.Sprintf("%d of %d", op.Done, op.Total), op.By, day(&op.CreatedAt), op.Message})
	}
	return g.show(all, rows)
}

// CancelOperationCommand cancels a launch.
type CancelOperationCommand struct {
	Operation string `arg:"" help:"Its id, op_…, as lablink operations shows it."`
}

// Run cancels it.
func (c CancelOperationCommand) Run(ctx context.Context, g *Globals) error {
	return g.operate(ctx, Waiting{Wait: new(time.Duration)}, "/api/v1/operations/"+url.PathEscape(c.Operation)+"/cancel")
}
