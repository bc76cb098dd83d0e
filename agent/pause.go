package agent

import "time"

const (
	// firstPause and maxPause bound the time between two tries.
	firstPause = 500 * time.Millisecond
	maxPause   = time.Minute
)

// pause is how long to wait between tries: each time half as long again as the
// time before, up to maxPause, and a random part of its second half is left out, so
// that machines that were interrupted together do not come back together.
type pause struct {
	random func() float64
	next   time.Duration
}

// Reset makes the next pause the shortest one.
func (p *pause) Reset() { p.next = firstPause }

// NextBackOff is how long to wait before the next try.
func (p *pause) NextBackOff() time.Duration {
	d := max(p.next, firstPause)
	p.next = min(d+d/2, maxPause)
	return jitter(d, p.random)
}

// jitter is between half of d and d.
func jitter(d time.Duration, random func() float64) time.Duration {
	return d/2 + time.Duration(random()*float64(d/2))
}
