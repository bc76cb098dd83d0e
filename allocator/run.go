package allocator

import (
	"context"
	"errors"
	"fmt"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Run carries an operation on by one step. It is called again and again until
// it returns nil: *Later says when, any other error that something failed which
// may work the next time. Running it twice does no harm.
func (s *Service) Run(ctx context.Context, id string) error {
	op, err := s.Store.Operation(ctx, id)
	if api.CodeOf(err) == api.NotFound { // a backup was restored that is older
		s.Log.Warn("an operation that is not known is dropped", "operation", id)
		return nil
	}
	if err != nil {
		return err
	}
	if op.State.Finished() {
		return nil
	}
	switch op.Kind {
	case Launch:
		err = s.runLaunch(ctx, op)
	case Terminate:
		err = s.runTerminate(ctx, op)
	case Collect:
		err = s.runCollect(ctx, op)
	case Reboot:
		err = s.runReboot(ctx, op)
	default:
		err = fmt.Errorf("operation %s has the unknown kind %q", op.ID, op.Kind)
	}
	var later *Later
	if err != nil && !errors.As(err, &later) {
		s.trouble(ctx, op, err)
	}
	return err
}

// trouble says in the operation's message why it does not go on. A step that was
// stopped, as the allocator stops, is no trouble.
func (s *Service) trouble(ctx context.Context, op Operation, why error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	ctx, cancel := committed(ctx) // the step may have run out of time
	defer cancel()
	if err := s.note(ctx, op, "trying again: "+why.Error()); err != nil {
		s.Log.Warn("what keeps an operation from going on was not written down", "operation", op.ID, "error", err)
	}
}

// note says what a running operation is doing, unless it says so already.
func (s *Service) note(ctx context.Context, op Operation, message string) error {
	if op.State == Running && op.Message == message {
		return nil
	}
	return s.Store.Note(ctx, op.ID, Running, message)
}

// resumeSoon is Resume in the background, once for all who ask for it meanwhile.
func (s *Service) resumeSoon() {
	s.settling.run("", Hold{}, func(ctx context.Context, _ Hold) { // no machine has that id
		if err := s.Resume(ctx); err != nil && ctx.Err() == nil {
			s.Log.Warn("what is not finished could not be queued", "error", err)
		}
	})
}

// Resume queues every operation that is not finished and has no job: after a
// restart, and when a job was not queued or was given up.
func (s *Service) Resume(ctx context.Context) error {
	ids, err := s.Store.Unfinished(ctx)
	if err != nil {
		return fmt.Errorf("list unfinished operations: %w", err)
	}
	for _, id := range ids {
		if err := s.Queue.Enqueue(ctx, id); err != nil {
			return fmt.Errorf("resume operation %s: %w", id, err)
		}
	}
	return nil
}
