package ec2

import (
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

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

// refused remembers the places that had no capacity lately.
type refused struct {
	mu    sync.Mutex
	until map[place]time.Time
}

// remember takes note of the errors of a fleet that are about capacity.
func (r *refused) remember(errors []types.CreateFleetError, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range errors {
		code := meanings[aws.ToString(e.ErrorCode)].code
		o := e.LaunchTemplateAndOverrides
		if code != api.Capacity && code != api.Quota || o == nil || o.Overrides == nil {
			continue
		}
		at := place{string(o.Overrides.InstanceType), aws.ToString(o.Overrides.SubnetId), e.Lifecycle == types.InstanceLifecycleSpot}
		r.until[at] = now.Add(refusedFor)
	}
}

// fresh reports whether a place is worth asking.
func (r *refused) fresh(p place, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !now.Before(r.until[p])
}
