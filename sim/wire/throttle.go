package wire

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	tokens "golang.org/x/time/rate"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// bucket is how many calls EC2 takes at once, and how many more each second.
type bucket struct{ size, refill float64 }

// buckets are those of actions that have one of their own. Each account has them in
// each Region.
var buckets = map[string]bucket{
	"CreateFleet":        {50, 5},
	"CreateSnapshot":     {50, 5},
	"DeregisterImage":    {50, 5},
	"TerminateInstances": {100, 5},
	"CreateTags":         {100, 10},
}

// Actions that only look have the same bucket each, and a smaller one when they ask
// for everything at once.
var (
	looking  = bucket{100, 20}
	sweeping = bucket{50, 10}
	// changing is that of what changes something and is not named above.
	changing = bucket{50, 5}
)

// large are the actions that sweep when they are not narrowed down.
var large = []string{"DescribeInstances", "DescribeVolumes", "DescribeNetworkInterfaces", "DescribeSnapshots"}

// throttle refuses a call for which the bucket is empty, or that is to be refused.
func (s *Server) throttle(action string, in url.Values) error {
	if refused, err := s.account.Refuses(action); err != nil || refused {
		return cmp.Or(err, error(exceeded()))
	}
	slower := max(1, s.account.Faults().Throttle)
	name, of := bucketOf(action, in)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.slower != slower {
		s.slower, s.limits = slower, map[string]*tokens.Limiter{}
	}
	limit := s.limits[name]
	if limit == nil {
		limit = tokens.NewLimiter(tokens.Limit(of.refill/slower), max(1, int(of.size/slower)))
		s.limits[name] = limit
	}
	if limit.AllowN(s.now().Truncate(time.Microsecond), 1) {
		return nil
	}
	return exceeded()
}

func exceeded() *cloud.Error {
	return &cloud.Error{Code: "RequestLimitExceeded", Message: "Request limit exceeded.", Status: 503}
}

// bucketOf is an action's bucket, and its name.
func bucketOf(action string, in url.Values) (string, bucket) {
	if b, ok := buckets[action]; ok {
		return action, b
	}
	if !strings.HasPrefix(action, "Describe") {
		return action, changing
	}
	for _, a := range large {
		if a == action && sweeps(in) {
			return action + ", all", sweeping
		}
	}
	return action, looking
}

// sweeps reports whether a call asks for everything, in one page.
func sweeps(in url.Values) bool {
	for name := range in {
		if strings.HasPrefix(name, "Filter.") || strings.Contains(name, "Id.") || name == "MaxResults" || name == "NextToken" {
			return false
		}
	}
	return true
}
