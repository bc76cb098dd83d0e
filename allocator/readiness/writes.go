package readiness

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// betweenWrites is how long the outcome of a write counts.
	betweenWrites = 10 * time.Second
	// slow is how long a write may take at most.
	slow = 5 * time.Second
)

// Writes tries whether the database commits, when somebody asks, and not more often
// than every ten seconds.
type Writes struct {
	// Write commits something.
	Write func(ctx context.Context, at time.Time) error
	Now   func() time.Time
	// Patience is how long a check waits for the outcome.
	Patience time.Duration

	mu    sync.Mutex
	begun time.Time     // of the newest write
	done  chan struct{} // closed once it has ended
	err   error         // what came of the last that has ended
}

// Check says when the database does not commit.
func (w *Writes) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.Patience)
	defer cancel()
	select {
	case <-w.write():
	case <-ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if took := w.Now().Sub(w.begun); took > slow && !ended(w.done) {
		return fmt.Errorf("the database has not committed for %s. Look at the data volume and at the allocator's log; seats that are held go on", took.Round(time.Second))
	}
	if w.err != nil {
		return fmt.Errorf("the database does not commit: %w. Look whether the data volume is full or failing; seats that are held go on", w.err)
	}
	return nil
}

// write begins a write where it is time to. What is returned is closed once the
// newest one has ended.
func (w *Writes) write() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done != nil && (!ended(w.done) || w.Now().Sub(w.begun) < betweenWrites) {
		return w.done
	}
	begun, done := w.Now(), make(chan struct{})
	w.begun, w.done = begun, done
	go func() {
		err := w.Write(context.Background(), begun)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.err = err
		close(done)
	}()
	return done
}

func ended(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}
