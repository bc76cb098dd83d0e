package sqlstore

import "context"

// Hold makes changes wait until release is called.
func (s *Store) Hold(ctx context.Context) (release func()) {
	held, let := make(chan struct{}), make(chan struct{})
	go func() {
		_ = s.change(ctx, func(context.Context, conn) error {
			close(held)
			<-let
			return nil
		})
	}()
	<-held
	return func() { close(let) }
}

// Waiting is how many changes wait.
func (s *Store) Waiting() int { return len(s.changes) }
