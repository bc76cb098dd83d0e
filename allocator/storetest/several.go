package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// RunShared runs what must hold where two allocators share one database.
func RunShared(t *testing.T, one, other allocator.Store) {
	const machines, people = 20, 50
	w := newWorld(t, one)
	ws, _ := w.ready(t, machines)
	var all sync.WaitGroup
	errs := make([]error, 2*people)
	for i := range errs { // each person asks both allocators at once
		store, r := one, w.request(ws.ID, fmt.Sprintf("p%d@example.org", i/2), w.id("token"))
		if i%2 == 1 {
			store = other
		}
		all.Go(func() { _, errs[i] = store.Claim(context.Background(), r) })
	}
	all.Wait()
	given := 0
	for _, err := range errs {
		if err == nil {
			given++
			continue
		}
		require.Equal(t, api.Forbidden, api.CodeOf(err), "%v", err)
	}
	require.Equal(t, people, given, "each person has one seat, by one of the two")
	w.checkInvariants(t, ws.ID)
	held := map[string]bool{}
	for _, m := range w.machines(t, ws.ID) {
		require.Equal(t, allocator.Assigned, m.State)
		held[m.Email] = true
	}
	require.Len(t, held, machines, "as many people as machines hold one")
	runTurns(t, one, other)
}
