package ec2

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// refusedFor is how long a place that had nothing is not asked again while
	// others are left.
	refusedFor = 3 * time.Minute
	// toldFor is how long it is told what was refused, and mostTold of how many places.
	toldFor  = 24 * time.Hour
	mostTold = 200
)

// place is where machines may come from. Spot and on-demand capacity run out
// apart from each other.
type place struct {
	kind, subnet string
	spot         bool
}

// refused remembers the places that had no capacity lately, and for people what else
// was refused.
type refused struct {
	mu    sync.Mutex
	until map[place]time.Time
	told  map[told]allocator.Refused
}

// told is what is told once: a place and a pool.
type told struct {
	place
	pool string
}

// remember takes note of the errors of a fleet. Places are avoided for those that are
// about capacity.
func (r *refused) remember(pool string, errors []types.CreateFleetError, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range errors {
		is, at := refusal(e), placeOf(e)
		var until time.Time
		if (is.Code == api.Capacity || is.Code == api.Quota) && at.kind != "" {
			until = now.Add(refusedFor)
			r.until[at] = until
		}
		r.tell(told{at, pool}, allocator.Refused{Refusal: is, Pool: pool, At: now, Until: until})
	}
}

// rememberWhole takes note of a call that was refused as a whole.
func (r *refused) rememberWhole(pool string, spot bool, err error, now time.Time) {
	code := api.CodeOf(err)
	if code == "" {
		return // it did not answer
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tell(told{place{spot: spot}, pool}, allocator.Refused{Refusal: allocator.Refusal{Code: code, Spot: spot, Why: err.Error()}, Pool: pool, At: now})
}

func (r *refused) tell(what told, is allocator.Refused) {
	if r.told == nil {
		r.told = map[told]allocator.Refused{}
	}
	r.told[what] = is
	for len(r.told) > mostTold {
		oldest := what
		for k, v := range r.told {
			if v.At.Before(r.told[oldest].At) {
				oldest = k
			}
		}
		delete(r.told, oldest)
	}
}

// lately is what is told, the newest first.
func (r *refused) lately(now time.Time) []allocator.Refused {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []allocator.Refused
	for k, v := range r.told {
		if now.Sub(v.At) > toldFor {
			delete(r.told, k)
			continue
		}
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b allocator.Refused) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Pool, b.Pool), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Where, b.Where))
	})
	return out
}

// placeOf is the place that an error is about; none where it does not say.
func placeOf(e types.CreateFleetError) place {
	at := place{spot: e.Lifecycle == types.InstanceLifecycleSpot}
	if o := e.LaunchTemplateAndOverrides; o != nil && o.Overrides != nil {
		at.kind, at.subnet = string(o.Overrides.InstanceType), aws.ToString(o.Overrides.SubnetId)
	}
	return at
}

// fresh reports whether a place is worth asking.
func (r *refused) fresh(p place, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !now.Before(r.until[p])
}

// Lately is what EC2 refused to this allocator since it began, at most a day ago.
func (c *Compute) Lately() []allocator.Refused { return c.refused.lately(c.now()) }
