package agent

import (
	"context"
	"reflect"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// firstInterval is the time between reports until the allocator says how
	// often it wants them; minInterval and maxInterval bound what it can say.
	firstInterval = 10 * time.Second
	minInterval   = time.Second
	maxInterval   = 5 * time.Minute
)

// keepReporting reports at the interval that the allocator asks for, and at
// once when the health changes. It ends with ctx, or with the refusal when the
// allocator does not know id.
func (a *Agent) keepReporting(ctx context.Context, id Identity) error {
	t := a.tries("report to the allocator")
	t.hurry = a.Machine.changes.hurry
	interval := firstInterval
	for {
		err := t.until(ctx, func() error {
			answer, err := a.report(ctx, id)
			if unauthorized(err) {
				return backoff.Permanent(err)
			}
			if err == nil {
				err = a.understands(answer.Version, answer.Protocol)
			}
			if err == nil {
				a.talked(&a.talks.answered)
				a.wants(id, answer.Setup)
				a.follow(answer.Release, answer.Setup)
			}
			if err == nil && answer.ReportInterval > 0 {
				asked := time.Duration(answer.ReportInterval) * time.Second
				interval = min(max(asked, minInterval), maxInterval)
			}
			return err
		})
		if err != nil {
			return err
		}
		timer := time.NewTimer(interval)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-a.Machine.changes.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// report looks at the machine and tells the allocator what it was not told of
// yet: every change of health in order, and the present state if none changed.
func (a *Agent) report(ctx context.Context, id Identity) (api.ReportAnswer, error) {
	a.Machine.gpus.First(ctx)
	status := a.Machine.status(ctx)
	a.Machine.changes.taken() // what was announced is told below
	oldest, report := a.Machine.changes.first()
	if oldest == nil {
		report = a.Machine.report(status)
		if has := status.Inventory; has.Known() && !reflect.DeepEqual(a.has, &has) {
			report.Inventory = &has
		}
		answer, err := a.tell(ctx, id, report)
		if err == nil {
			a.heard(report)
		}
		return answer, err
	}
	var answer api.ReportAnswer
	for ; oldest != nil; oldest, report = a.Machine.changes.first() {
		var err error
		report.Interruption = a.Machine.notice.Load() // one that came since is not to wait
		answer, err = a.tell(ctx, id, report)
		if api.CodeOf(err) == api.Invalid {
			a.Log.Error("the allocator does not understand a change of health; leaving it out", "error", err)
		} else if err != nil {
			return answer, err
		}
		a.Machine.changes.told(oldest)
		a.heard(report)
	}
	return answer, nil
}

// tell tells the allocator. Where it does not understand that, what was measured of
// sessions is left out: how the machine is counts for more.
func (a *Agent) tell(ctx context.Context, id Identity, report api.Report) (api.ReportAnswer, error) {
	answer, err := a.Allocator.Report(ctx, id, report)
	if api.CodeOf(err) != api.Invalid || report.Use == nil && len(report.Ended) == 0 {
		return answer, err
	}
	if !a.leavesOut {
		a.Log.Error("the allocator does not understand a report; leaving out what was measured of sessions", "error", err)
	}
	a.leavesOut = true
	report.Use, report.Ended = nil, nil
	return a.Allocator.Report(ctx, id, report)
}

// heard forgets what the allocator has heard of.
func (a *Agent) heard(report api.Report) {
	if report.Inventory != nil {
		a.has = report.Inventory
	}
	if a.usage != nil {
		a.usage.Told(report.Ended)
	}
}

// understands refuses an allocator whose protocol is too far from this one's.
func (a *Agent) understands(version string, protocol int) error {
	return api.Understand(api.Speaker{Version: a.Machine.about.Version, Protocol: api.Protocol}, api.Speaker{Version: version, Protocol: protocol})
}
