package ec2

import (
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// refusedFor is how long a place that had nothing is not asked again while
// others are left.
const refusedFor = 3 * time.Minute

// place is where machines may come from. Spot and on-demand capacity run out
// apart from each other.
type place struct {
	kind, subnet string
	spot         bool
}

// refused remembers the places that had no capacity lately, and what else was
// refused until that is handed over.
type refused struct {
	mu    sync.Mutex
	until map[place]time.Time
	told  []allocator.Refused // until somebody keeps it
}

// remember takes note of the errors of a fleet, with each one's words. Places are avoided for those that are
// about capacity.
func (r *refused) remember(pool string, errors []types.CreateFleetError, refusals []allocator.Refusal, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, e := range errors {
		is, at := refusals[i], placeOf(e)
		var until time.Time
		if (is.Code == api.Capacity || is.Code == api.Quota) && at.kind != "" {
			until = now.Add(refusedFor)
			r.until[at] = until
		}
		r.told = append(r.told, allocator.Refused{Refusal: is, Pool: pool, At: now, Until: until})
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
	r.told = append(r.told, allocator.Refused{Refusal: allocator.Refusal{Code: code, Spot: spot, Why: err.Error()}, Pool: pool, At: now})
}

// hand hands over what is to be told.
func (r *refused) hand() []allocator.Refused {
	r.mu.Lock()
	defer r.mu.Unlock()
	told := r.told
	r.told = nil
	return told
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

// News hands over what EC2 refused to this allocator since it was asked last.
func (c *Compute) News() []allocator.Refused { return c.refused.hand() }
