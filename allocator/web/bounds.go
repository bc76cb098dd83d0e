package web

import (
	"encoding/hex"
	"net/http"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/access"
	"github.com/talmolab/lablink-infrastructure/api"
)

// What a machine may do at once, and how often once more after that. An agent reports
// at the interval that it is told, and tells at most a hundred changes at once that it
// kept; it opens a tunnel when the one before is gone; and it asks for places for a
// hundred files at a time, of two thousand.
const (
	reportBurst                = 600
	reportShare                = 10 // of the interval
	tunnelBurst, tunnelEvery   = 100, time.Second
	uploadsBurst, uploadsEvery = 200, 2 * time.Second
	setupsBurst, setupsEvery   = 20, 10 * time.Second
)

// How often somebody's registrations may be refused at once, and how often once more
// after that: each may ask STS. Those that are good count for nothing, as a fleet may
// come from one address; nor do those by a join token, which is bounded itself.
const refusedBurst, refusedEvery = 1000, 200 * time.Millisecond

// How often machines may register with one join token, and how often it, or a user, may
// download the agent's program.
const (
	joinBurst, joinEvery         = 2000, time.Second
	downloadBurst, downloadEvery = 1000, 30 * time.Second // as many machines as may join with one
)

// bounds are how much machines, and those who show a join token, may ask for.
type bounds struct{ setups, reports, tunnels, uploads, refused, joins, downloads *limiter }

func newBounds(now func() time.Time, interval time.Duration) bounds {
	return bounds{
		reports: newLimiter(reportBurst, max(interval/reportShare, 100*time.Millisecond), now),
		tunnels: newLimiter(tunnelBurst, tunnelEvery, now), uploads: newLimiter(uploadsBurst, uploadsEvery, now),
		setups:  newLimiter(setupsBurst, setupsEvery, now),
		refused: newLimiter(refusedBurst, refusedEvery, now), joins: newLimiter(joinBurst, joinEvery, now),
		downloads: newLimiter(downloadBurst, downloadEvery, now),
	}
}

// bound counts what somebody asks for. RateLimited when that was too often.
func (l *limiter) bound(key, title string) error {
	wait := l.wait(key)
	if wait == 0 {
		return nil
	}
	p := api.Problemf(api.RateLimited, title, "Try again in %d seconds; an agent does by itself.", int(wait.Seconds())+1)
	p.RetryAfter = wait
	return p
}

// registers counts a registration: one by a join token for the token, as all of a lab may
// come from one network, and others for the network. It is taken back by calling done for
// one that was good, and by half for one that failed here; not for who hung up.
func (b bounds) registers(r *http.Request, token string) (done func(error), err error) {
	if token != "" {
		return func(error) {}, b.joins.bound(keyOf(token), "Too many machines join with this token at once")
	}
	network := access.Network(remote(r))
	done = func(err error) {
		switch {
		case err == nil:
			b.refused.giveBack(network, refusedEvery)
		case api.CodeOf(err).Status() >= http.StatusInternalServerError && r.Context().Err() == nil:
			b.refused.giveBack(network, refusedEvery/2)
		}
	}
	return done, b.refused.bound(network, "Too many machines of your network were refused")
}

// downloaded counts a download of the agent's program, by a user or with a join token.
func (b bounds) downloaded(by string) error {
	return b.downloads.bound(by, "The agent's program was downloaded too often")
}

// keyOf is how a secret is counted by, without being kept.
func keyOf(secret string) string {
	sum := allocator.SecretSum(secret)
	return hex.EncodeToString(sum[:])
}
