package web

import (
	"context"
	"slices"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

// poolsView is the page of the pools.
type poolsView struct {
	Pools []poolView
	// Others are refusals of which nobody knows the pool.
	Others []refusedLine
}

// poolView is a pool with what it costs and what EC2 refused for it.
type poolView struct {
	api.Pool
	Share  int // how full it is, in percent
	Places int // how many zones its machines are asked for in
	Zones  []string
	Types  []poolType
	Lately []refusedLine
}

// Spot reports whether AWS may take machines of it back.
func (p poolView) Spot() bool {
	return p.Market == deployed.Spot || p.Market == deployed.SpotThenOnDemand
}

// OnDemand reports whether machines of it are paid in full.
func (p poolView) OnDemand() bool { return p.Market != deployed.Spot }

// poolType is a type of instance with what a machine of it costs an hour.
type poolType struct {
	Name           string
	OnDemand, Spot *allocator.Rate // nil where nobody knows
	Avoided        bool            // whether some place of it is avoided now
	// Dear says that it costs more than a machine of the pool may, and SpotOnly that it does
	// on demand.
	Dear, SpotOnly bool
}

// refusedLine is what EC2 refused, and whether that place is avoided still.
type refusedLine struct {
	allocator.Refused
	Avoided bool
}

func (s *server) poolsData(ctx context.Context) (poolsView, error) {
	var v poolsView
	machines, err := s.Service.Store.Machines(ctx, "", false)
	if err != nil {
		return v, err
	}
	told, err := s.Service.RefusedLately(ctx)
	if err != nil {
		return v, err
	}
	now := s.Service.Now()
	for _, p := range s.Service.Pools {
		pool := poolView{Pool: s.poolOf(p), Lately: refusedFor(told, p.Name, now)}
		pool.Market, pool.Places = deployedAs(s.Deployed, p.Name)
		for _, m := range machines {
			if m.Pool == p.Name {
				pool.Machines++
				if m.Zone != "" && !slices.Contains(pool.Zones, m.Zone) {
					pool.Zones = append(pool.Zones, m.Zone)
				}
			}
		}
		slices.Sort(pool.Zones)
		pool.Share = min(100, 100*pool.Machines/max(1, pool.MaxMachines))
		fit := s.Service.Kinds(p)
		for _, kind := range p.InstanceTypes {
			t := poolType{Name: kind, OnDemand: s.rate(p.Name, kind, false), Spot: s.rate(p.Name, kind, true), Avoided: pool.avoids(kind)}
			t.Dear = !slices.Contains(fit.OnDemand, kind) && !slices.Contains(fit.Spot, kind)
			t.SpotOnly = !t.Dear && pool.OnDemand() && !slices.Contains(fit.OnDemand, kind)
			pool.Types = append(pool.Types, t)
		}
		v.Pools = append(v.Pools, pool)
	}
	v.Others = refusedFor(told, "", now)
	return v, nil
}

// deployedAs is how machines of a pool are paid, and in how many zones they are asked
// for, as far as the settings say it.
func deployedAs(all deployed.Settings, name string) (market string, places int) {
	for _, d := range all.Pools {
		if d.Name == name {
			return d.Market, all.ZonesOf(d)
		}
	}
	return "", 0
}

// toRefused is what was refused for a pool, for programs.
func toRefused(all []allocator.Refused, pool string) (out []api.Refused) {
	for _, r := range all {
		if r.Pool == pool {
			out = append(out, api.Refused{At: r.At, Until: orNil(r.Until), Type: r.Type, Where: r.Where, Spot: r.Spot, Code: r.Code, Why: r.Why})
		}
	}
	return out
}

// avoids reports whether a place of a type is avoided now.
func (p *poolView) avoids(kind string) bool {
	return slices.ContainsFunc(p.Lately, func(r refusedLine) bool { return r.Type == kind && r.Avoided })
}

func refusedFor(all []allocator.Refused, pool string, now time.Time) (out []refusedLine) {
	for _, r := range all {
		if r.Pool == pool {
			out = append(out, refusedLine{r, r.Until.After(now)})
		}
	}
	return out
}

// rate is what a machine costs an hour; nil where nobody knows.
func (s *server) rate(pool, kind string, spot bool) *allocator.Rate {
	if s.Service.Rates == nil {
		return nil
	}
	if r, ok := s.Service.Rates.Hourly(pool, kind, spot); ok {
		return &r
	}
	return nil
}
