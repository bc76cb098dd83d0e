package allocator

import (
	"context"
	"time"
)

const (
	// logAge is how long what machines logged is kept, and answerAge what requests were
	// answered that may be sent again.
	logAge    = 30 * 24 * time.Hour
	answerAge = 24 * time.Hour
	// forgetEvery is how often it is looked for what is too old.
	forgetEvery = time.Hour
)

// Bygone is what is too old to be kept: what is from before these times.
type Bygone struct {
	Logs, Answers, Refused time.Time
	Expired                time.Time // what was good until then: sessions of staff, and proofs of agents
}

// Forget removes what is too old, and says whether it has. While the clock cannot be
// trusted nothing is removed.
func (s *Service) Forget(ctx context.Context) (done bool, err error) {
	now := s.Now()
	if s.clockTrouble(ctx) != "" { // after the clock was read: it is of that moment or later
		return false, nil
	}
	err = s.Store.Forget(ctx, Bygone{Logs: now.Add(-logAge), Answers: now.Add(-answerAge), Refused: now.Add(-toldFor), Expired: now}, now)
	return err == nil, err
}
