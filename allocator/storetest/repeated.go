package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

func requestIsAnsweredOnce(t *testing.T, w *world) {
	a := allocator.Answered{Key: allocator.SecretSum("key"), Request: allocator.SecretSum("request"), At: w.now}
	_, begun, err := w.BeginAnswer(t.Context(), a)
	require.NoError(t, err)
	require.True(t, begun)
	other := a
	other.Request, other.At = allocator.SecretSum("another"), w.tick()
	was, begun, err := w.BeginAnswer(t.Context(), other)
	require.NoError(t, err)
	require.False(t, begun)
	require.Equal(t, a, was)

	require.NoError(t, w.KeepAnswer(t.Context(), a.Key, 201, []byte{0, 1, 255}))
	a.Status, a.Answer = 201, []byte{0, 1, 255}
	was, _, err = w.BeginAnswer(t.Context(), other)
	require.NoError(t, err)
	require.Equal(t, a, was)
	require.NoError(t, w.Forget(t.Context(), allocator.Bygone{Answers: a.At}, w.now))
	_, begun, err = w.BeginAnswer(t.Context(), other)
	require.NoError(t, err)
	require.False(t, begun)
	require.NoError(t, w.Forget(t.Context(), allocator.Bygone{Answers: a.At.Add(time.Microsecond)}, w.now))
	_, begun, err = w.BeginAnswer(t.Context(), other)
	require.NoError(t, err)
	require.True(t, begun, "what is old is forgotten")
	require.NoError(t, w.DropAnswer(t.Context(), a.Key))

	var all sync.WaitGroup
	wins := make([]bool, 20)
	for i := range wins {
		all.Go(func() { _, wins[i], _ = w.BeginAnswer(context.Background(), a) })
	}
	all.Wait()
	won := 0
	for _, win := range wins {
		if win {
			won++
		}
	}
	require.Equal(t, 1, won)
}
