package doctor

import "context"

// Driver looks for GPUs alone.
func (m Machine) Driver(ctx context.Context) Finding { return m.driver(ctx) }
