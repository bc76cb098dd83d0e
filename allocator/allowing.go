package allocator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Quotas says how many processors (vCPUs) the account may run.
type Quotas interface {
	// Quota is the one that counts machines of a type, on demand or spot. Forbidden where
	// the allocator's role may not ask, Unavailable where nobody tells.
	Quota(ctx context.Context, kind string, spot bool) (Quota, error)
}

// Quota is how many vCPUs machines of some types may have together.
type Quota struct {
	Name, Code string // as AWS has it
	VCPUs      int    // that may run in the account
	Used       int    // that run now, whoever's they are
	Each       int    // that one machine of the type has
}

// limits are what may not allow a workshop.
func (s *Service) limits(ctx context.Context, f forecast) ([]api.Limit, error) {
	open, err := s.Store.OpenWorkshops(ctx)
	if err != nil {
		return nil, err
	}
	out := []api.Limit{f.inPool(s.Now(), open), s.inQuota(ctx, f)}
	if f.pool.MaxHourlyUSD > 0 {
		out = append(out, s.inHour(f.pool))
	}
	if s.Budget.MonthlyUSD > 0 {
		spent, err := s.SpentThisMonth(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, f.inMonth(s.Now(), spent))
	}
	if f.BudgetUSD > 0 {
		out = append(out, f.inBudget())
	}
	return out, nil
}

// inPool compares the pool with what all of its workshops want at once.
func (f forecast) inPool(now time.Time, open []Workshop) api.Limit {
	limit := api.Limit{Of: "pool", State: api.Enough}
	others := f.others(now, open)
	switch left := f.pool.MaxMachines - others; {
	case f.machines > f.pool.MaxMachines:
		limit.State = api.Short
		limit.Detail = fmt.Sprintf("Pool %s holds %d machines at most, and this needs %d. Ask for fewer seats, or ask the engineer who deployed LabLink to raise maxMachines of the pool.", f.Pool, f.pool.MaxMachines, f.machines)
	case f.machines > left:
		limit.State = api.Short
		limit.Detail = fmt.Sprintf("Pool %s holds %d machines at most, and other workshops have %d of them at that time: %d are left of the %d that this needs. Choose another time, or end a workshop that is not needed; people wait in a queue otherwise.", f.Pool, f.pool.MaxMachines, others, max(0, left), f.machines)
	default:
		limit.Detail = fmt.Sprintf("Pool %s has room: %d of its %d machines are free at that time.", f.Pool, left, f.pool.MaxMachines)
	}
	return limit
}

// others is how many machines other workshops of the pool have at most while this one has
// its own. That changes when one of them begins.
func (f forecast) others(now time.Time, open []Workshop) (most int) {
	begins := []time.Time{f.launchedAt(now)}
	for _, w := range open {
		begins = append(begins, w.launchedAt(now))
	}
	for _, at := range begins {
		if !f.has(now, at) {
			continue
		}
		sum := 0
		for _, w := range open {
			if w.Pool == f.Pool && w.has(now, at) {
				sum += w.Seats + w.Spares
			}
		}
		most = max(most, sum)
	}
	return most
}

// has reports whether a workshop has machines at a time.
func (w Workshop) has(now, at time.Time) bool {
	return !at.Before(w.launchedAt(now)) && (w.EndsAt.IsZero() || at.Before(w.EndsAt))
}

// inQuota compares the account's quota with what runs, and with what this needs. Of the
// types of a pool the first is the one that is launched where it can be.
func (s *Service) inQuota(ctx context.Context, f forecast) api.Limit {
	limit := api.Limit{Of: "quota", State: api.Unknown, Detail: "How many such machines AWS lets this account run is not known here. Ask the engineer who deployed LabLink, in time: AWS takes days to raise it."}
	if s.Quotas == nil || len(f.pool.InstanceTypes) == 0 {
		return limit
	}
	kind, spot := s.first(f.pool)
	q, err := s.Quotas.Quota(ctx, kind, spot)
	if err != nil {
		var p *api.Problem
		if errors.As(err, &p) {
			limit.Detail += " (" + p.Detail + ")"
		}
		return limit
	}
	need := f.machines * q.Each
	limit.State, limit.Detail = api.Enough, fmt.Sprintf("AWS lets this account run %d processors (vCPUs) in machines of the kind %s. %d run now, and this needs %d.", q.VCPUs, q.Name, q.Used, need)
	if need+q.Used > q.VCPUs {
		limit.State = api.Short
		limit.Detail += fmt.Sprintf(" Ask the engineer who deployed LabLink to have AWS raise quota %s to %d at least, which takes days; end what is not needed; or ask for fewer seats.", q.Code, need+q.Used)
	}
	return limit
}

// first is the type of a pool that is launched where it can be, and whether as a spot
// machine only.
func (s *Service) first(p Pool) (kind string, spot bool) {
	k := s.asked(p)
	if len(k.OnDemand) > 0 {
		return k.OnDemand[0], false
	}
	return k.Spot[0], true
}

// inHour compares what the types of a pool cost with what one of its machines may.
func (s *Service) inHour(p Pool) api.Limit {
	if why := s.AllTooDear(p); why != "" {
		return api.Limit{Of: "machine", State: api.Short, Detail: why}
	}
	limit := api.Limit{Of: "machine", State: api.Enough, Detail: fmt.Sprintf("A machine of pool %s may cost $%.3f an hour.", p.Name, p.MaxHourlyUSD)}
	if dear := s.dear(p); dear != "" {
		limit.Detail += " Not launched is what costs more: " + dear + "."
	}
	if dearest, _ := s.dearest(p.Name); dearest == 0 {
		limit.State = api.Unknown
		limit.Detail += " What its other types cost nobody knows."
	}
	return limit
}

// inMonth compares the budget of the month with what is spent, and with what this costs
// until the month or the workshop ends.
func (f forecast) inMonth(now time.Time, spent Spent) api.Limit {
	limit := api.Limit{Of: "month", State: api.Unknown}
	over := month(now).AddDate(0, 1, 0)
	left := max(0, spent.Of-spent.USD)
	costs := f.hourly * max(0, Earlier(f.EndsAt, over).Sub(f.launchedAt(now)).Hours())
	known := fmt.Sprintf("Of this month's budget of $%.2f, $%.2f are spent.", spent.Of, spent.USD)
	switch {
	case f.hourly == 0:
		limit.Detail = known + " What this costs nobody knows."
	case costs > left:
		limit.State = api.Short
		limit.Detail = fmt.Sprintf("%s This costs up to $%.2f of it, and $%.2f are left, which last for %s. Ask for less, or ask the engineer who deployed LabLink to raise budget.monthlyUsd.", known, costs, left, f.lasts(left))
	default:
		limit.State, limit.Detail = api.Enough, fmt.Sprintf("%s This costs up to $%.2f of it.", known, costs)
	}
	return limit
}

// inBudget compares the workshop's own budget with what it costs.
func (f forecast) inBudget() api.Limit {
	limit := api.Limit{Of: "budget", State: api.Unknown}
	switch {
	case f.hourly == 0:
		limit.Detail = "What this costs nobody knows, so its own budget is not counted."
	case f.EndsAt.IsZero():
		limit.State = api.Enough
		limit.Detail = fmt.Sprintf("Its own budget of $%.2f lasts for %s with all of its machines.", f.BudgetUSD, f.lasts(f.BudgetUSD))
	case f.total() > f.BudgetUSD:
		limit.State = api.Short
		limit.Detail = fmt.Sprintf("Its own budget of $%.2f lasts for %s of the %s that its machines run. Raise it, let it end earlier, or ask for fewer seats.", f.BudgetUSD, f.lasts(f.BudgetUSD), hoursOf(f.hours))
	default:
		limit.State, limit.Detail = api.Enough, fmt.Sprintf("Its own budget of $%.2f covers it.", f.BudgetUSD)
	}
	return limit
}

// lasts is for how long a sum pays all machines.
func (f forecast) lasts(usd float64) string { return hoursOf(usd / f.hourly) }

func hoursOf(hours float64) string {
	if hours < 1 {
		return Counted(int(60*hours), "minute")
	}
	return fmt.Sprintf("%d h %d min", int(hours), int(60*hours)%60)
}
