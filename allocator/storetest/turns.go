package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

func turnIsTakenByOne(t *testing.T, w *world) {
	one, two := allocator.Turn{Host: "one", Release: "new"}, allocator.Turn{Host: "two", Release: "newer"}
	requireTurn := func(want, of allocator.Turn, life time.Duration) {
		t.Helper()
		now, err := w.TakeTurn(t.Context(), of, life)
		require.NoError(t, err)
		require.Equal(t, want, now)
	}
	requireTurn(one, one, time.Hour)
	requireTurn(one, two, time.Hour)
	one.Release = "newest"
	requireTurn(one, one, time.Hour)
	require.NoError(t, w.GiveTurn(t.Context(), "two"), "it is not that one's")
	requireTurn(one, two, time.Hour)
	require.NoError(t, w.GiveTurn(t.Context(), "one"))
	requireTurn(two, two, time.Hour)
	requireTurn(two, one, time.Hour)

	requireTurn(two, two, -time.Microsecond) // it is over, by the database's clock
	requireTurn(one, one, time.Hour)
	requireTurn(one, two, time.Hour)
}

// randomTurns compares histories of turns with what must come of them.
func randomTurns(t *testing.T, w *world) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		has := "" // who has the turn, while it lasts
		for i := range 3 {
			require.NoError(t, w.GiveTurn(ctx, fmt.Sprint(i)))
		}
		t.Repeat(map[string]func(*rapid.T){
			"take": func(t *rapid.T) {
				of := allocator.Turn{Host: fmt.Sprint(rapid.IntRange(0, 2).Draw(t, "host")), Release: "new"}
				over := rapid.Bool().Draw(t, "over at once")
				life := time.Hour
				if over {
					life = -time.Microsecond
				}
				now, err := w.TakeTurn(ctx, of, life)
				require.NoError(t, err)
				require.Equal(t, has == "" || has == of.Host, now.Host == of.Host)
				if now.Host == of.Host {
					has = of.Host
					if over {
						has = ""
					}
				}
			},
			"give": func(t *rapid.T) {
				host := fmt.Sprint(rapid.IntRange(0, 2).Draw(t, "host"))
				require.NoError(t, w.GiveTurn(ctx, host))
				if has == host {
					has = ""
				}
			},
		})
	})
}

// runTurns lets hosts by two allocators take the turn at once, again and again: while
// one has it, no other one does.
func runTurns(t *testing.T, stores ...allocator.Store) {
	const hosts, rounds = 6, 10
	var all sync.WaitGroup
	var here sync.Mutex
	for i := range hosts {
		all.Go(func() {
			store, of := stores[i%len(stores)], allocator.Turn{Host: fmt.Sprint(i), Release: "new"}
			for done := 0; done < rounds; {
				now, err := store.TakeTurn(context.Background(), of, time.Hour)
				if err != nil {
					t.Error(err)
					return
				}
				if now != of {
					continue
				}
				if !here.TryLock() {
					t.Error("two hosts have the turn at once")
					return
				}
				done++
				here.Unlock()
				if err := store.GiveTurn(context.Background(), of.Host); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}
