package sqlstore_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
)

// What is too old goes a little at a time: whoever writes meanwhile waits for a little.
func TestForgettingLeavesTimeForOthers(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sqlstore.Store) {
		now := time.Now()
		const rows, most = 2500, 1000
		var adding sync.WaitGroup
		for i := range rows {
			adding.Go(func() {
				if err := s.CommitCtx(t.Context(), strconv.Itoa(i), []byte("x"), now.Add(time.Hour)); err != nil {
					t.Error(err)
				}
			})
		}
		adding.Wait()
		left := []int{rows}
		s.OnCommit(func(time.Duration) {
			n := 0
			for i := range rows {
				if _, found, err := s.FindCtx(t.Context(), strconv.Itoa(i)); err != nil {
					t.Error(err)
				} else if found {
					n++
				}
			}
			left = append(left, n)
		})
		require.NoError(t, s.Forget(t.Context(), allocator.Bygone{Expired: now.Add(2 * time.Hour)}, now))
		for i := range left[1:] {
			require.LessOrEqual(t, left[i]-left[i+1], most, "of %v", left)
		}
		require.Zero(t, left[len(left)-1])
	})
}
