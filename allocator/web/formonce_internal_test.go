package web

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// answeredAt is a store that knows of a form that was sent before, and its answer from a time on.
type answeredAt struct {
	allocator.Store
	sent, answered time.Time
}

func (s answeredAt) BeginAnswer(context.Context, allocator.Answered) (allocator.Answered, bool, error) {
	was := allocator.Answered{At: s.sent}
	if !time.Now().Before(s.answered) {
		was.Status = 200
	}
	return was, false, nil
}

// A form that was sent before may take as long as any request.
func TestTheAnswerToAFormIsWaitedForWhileItMayCome(t *testing.T) {
	for name, c := range map[string]struct {
		sent, answered, waited time.Duration // from when it is sent again
		status                 int
		told                   string
	}{
		"it takes long": {-time.Second, 20 * time.Second, 20 * time.Second, 200, ""},
		"it goes on":    {-time.Second, time.Hour, awaited, 0, "That is still being done"},
		"it was cut":    {-creating, time.Hour, 0, 0, "It is not known what became of that"},
		"it is cut now": {-creating + time.Second, time.Hour, time.Second, 0, "It is not known what became of that"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				now := time.Now()
				s := &server{Config: Config{Service: &allocator.Service{Store: answeredAt{sent: now.Add(c.sent), answered: now.Add(c.answered)}, Now: time.Now}}}
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				was, begun, err := s.beginForm(ctx, allocator.Answered{At: now})
				require.NoError(t, err)
				require.NoError(t, ctx.Err(), "there is time to tell")
				require.Equal(t, []any{c.status, false, c.waited}, []any{was.Status, begun, time.Since(now)})
				if was.Status == 0 {
					require.Equal(t, c.told, s.unanswered(was, repeat{form: true}).Title)
				}
			})
		})
	}
}
