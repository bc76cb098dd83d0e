package doctor

import (
	"context"
	"fmt"
	"time"
)

// Finding is what one check found, and what to do about it; nothing where it is well.
type Finding struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	Found string `json:"found"`
	Fix   string `json:"fix,omitempty"`
}

func ok(check, found string, args ...any) Finding {
	return Finding{Check: check, OK: true, Found: fmt.Sprintf(found, args...)}
}

func wrong(check, fix, found string, args ...any) Finding {
	return Finding{Check: check, Found: fmt.Sprintf(found, args...), Fix: fix}
}

// patience is how long all checks together may take.
const patience = time.Minute

// Examine looks at everything.
func (m Machine) Examine(ctx context.Context) []Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found := []Finding{m.tools(), m.driver(ctx), m.disk(), m.state()}
	if m.Shows != nil || m.Own {
		found = append(found, m.desktop())
	}
	return append(found, m.allocator(ctx)...)
}
