package machine

import (
	"context"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// health is what a load balancer knows of a target.
type health struct {
	healthy bool
	known   bool      // it passed or failed its first checks
	streak  int       // of checks that say otherwise
	due     time.Time // the next check
	busy    bool
}

// saw takes in how a check ended. A new target is healthy after one that is good;
// later it takes as many in a row as the target group says to change that.
func (h *health) saw(good bool, c cloud.HealthCheck) {
	if h.known && good == h.healthy {
		h.streak = 0
		return
	}
	if !h.known && good {
		*h = health{healthy: true, known: true, due: h.due}
		return
	}
	h.streak++
	enough := *c.UnhealthyThreshold
	if good {
		enough = *c.HealthyThreshold
	}
	if h.streak >= enough {
		*h = health{healthy: good, known: true, due: h.due}
	}
}

// watch makes the checks that are due, until there are no more ticks.
func (b *balancers) watch(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticks:
			b.check(ctx, now)
		}
	}
}

func (b *balancers) check(ctx context.Context, now time.Time) {
	checks := b.host.account.TargetChecks()
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := map[cloud.Target]*health{}
	for _, c := range checks {
		h := b.health[c.Target]
		if h == nil {
			h = &health{}
		}
		kept[c.Target] = h
		if h.busy || now.Before(h.due) {
			continue
		}
		h.busy, h.due = true, now.Add(time.Duration(*c.Interval)*time.Second)
		b.running.Go(func() {
			good := b.answers(ctx, c)
			b.mu.Lock()
			defer b.mu.Unlock()
			h.busy = false
			h.saw(good, c.HealthCheck)
		})
	}
	b.health = kept
}

// answers asks a target once whether it is well.
func (b *balancers) answers(ctx context.Context, c cloud.TargetCheck) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(*c.Timeout)*time.Second)
	defer cancel()
	at, err := b.host.account.Instance(c.Instance)
	if err != nil {
		return false
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at.PrivateIP+c.Path, nil)
	if err != nil {
		return false
	}
	req.Header.Set("User-Agent", "ELB-HealthChecker/2.0")
	res, err := (&http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return b.dial(ctx, c.Balancer, c.Target)
	}}).RoundTrip(req) // which follows no redirect
	if err != nil {
		b.host.opts.Log.Debug("a target does not answer its load balancer", "target", c.Instance, "error", err)
		return false
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	return err == nil && res.StatusCode == http.StatusOK // the one status that the account's checks can want
}

// choose picks the target of a request: the healthy ones in turn, and where none is
// healthy all in turn, as AWS does.
func (b *balancers) choose(targets []cloud.Target) cloud.Target {
	b.mu.Lock()
	defer b.mu.Unlock()
	var well []cloud.Target
	for _, t := range targets {
		if h := b.health[t]; h != nil && h.healthy {
			well = append(well, t)
		}
	}
	if len(well) == 0 {
		well = targets
	}
	b.turn++
	return well[b.turn%len(well)]
}
