package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// sayWhatWasCutShort tells what an update that was cut short was making: AWS may have
// it, and pulumi destroys none of it, as the state does not hold it.
func (w *Workspace) sayWhatWasCutShort(raw []byte) error {
	var state struct {
		Deployment struct {
			Pending []struct {
				Type     string
				Resource resource
			} `json:"pending_operations"`
		}
	}
	if err := json.Unmarshal(raw, &state); err != nil {
		return fmt.Errorf("read the state: %w", err)
	}
	said := false
	for _, p := range state.Deployment.Pending {
		if p.Type != "creating" {
			continue // the state holds the resources of all others
		}
		if !said {
			w.say("An update was cut short while it made these. AWS may have them, and no stack holds them, so what is left is told at the end:")
			said = true
		}
		w.say("    %s (%s)", p.Resource.name(), p.Resource.Type)
	}
	return nil
}

// afterFailure says, when a stack was not destroyed as a whole, what AWS has that no
// stack holds: it may be what the destruction failed at. It returns the failure.
func (w *Workspace) afterFailure(ctx context.Context, t Target, a Account, failed error) error {
	if errors.Is(failed, errInterrupted) {
		return failed
	}
	if ctx.Err() != nil {
		return errors.Join(failed, errInterrupted)
	}
	after, err := w.resources(ctx, t.Name)
	if err != nil {
		return errors.Join(failed, err)
	}
	_, wrong, err := beside(ctx, a, after)
	if err != nil {
		return errors.Join(failed, err)
	}
	if len(wrong) == 0 {
		return failed
	}
	w.say("AWS has these by the environment's tags, and no stack holds them:")
	w.listThings(wrong)
	return errors.Join(failed, errors.New("what is listed above is there, and no stack holds it: delete it, and run lablink destroy again"))
}
