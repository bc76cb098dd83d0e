package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// BenchmarkClaims measures how many claims a second are kept when as many people as
// there are machines ask at once.
func BenchmarkClaims(b *testing.B, open Open) {
	const people = 200
	b.ReportAllocs()
	claims := 0
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b, open(b))
		ws, _ := w.ready(b, people)
		requests := make([]allocator.ClaimRequest, people)
		for i := range requests {
			requests[i] = w.request(ws.ID, fmt.Sprintf("p%d@example.org", i), w.id("token"))
		}
		warm, _ := w.ready(b, 1) // a store that has run for a while knows the statements
		_, err := w.claim(warm.ID, "first@example.org")
		require.NoError(b, err)
		errs := make([]error, people)
		var all sync.WaitGroup
		b.StartTimer()
		for i, r := range requests {
			all.Go(func() { _, errs[i] = w.Claim(context.Background(), r) })
		}
		all.Wait()
		b.StopTimer()
		for _, err := range errs {
			require.NoError(b, err)
		}
		w.checkInvariants(b, ws.ID)
		claims += people
		b.StartTimer()
	}
	b.ReportMetric(float64(claims)/b.Elapsed().Seconds(), "claims/s")
}
