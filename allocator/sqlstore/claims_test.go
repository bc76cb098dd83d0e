package sqlstore_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres/pgtest"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlite"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := pgtest.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func onBoth(t *testing.T, test func(*testing.T, *sqlstore.Store)) {
	t.Run("sqlite", func(t *testing.T) {
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "lablink.db"), slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		test(t, s)
	})
	t.Run("postgres", func(t *testing.T) {
		s, err := postgres.Open(t.Context(), pgtest.Database(t))
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		test(t, s)
	})
}

// Claims that wait together are made together. What is wrong with one does no harm
// to the others, and who asks twice has one seat.
func TestClaimsThatAreMadeTogetherAreEachAnswered(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sqlstore.Store) {
		now := time.Now()
		for _, w := range []allocator.Workshop{{ID: "wks_1", JoinCode: "one"}, {ID: "wks_2", JoinCode: "two", Invited: true}} {
			w.Name, w.Pool, w.Seats, w.State, w.StartsAt, w.CreatedAt = w.ID, "gpu", 9, allocator.Open, now, now
			require.NoError(t, s.OpenWorkshop(t.Context(), w, []string{"guest@example.org"}))
		}
		type asked struct {
			workshop, email, browser string
			code                     api.Code
		}
		for what, together := range map[string][]asked{
			"of different people": {
				{"wks_1", "a@example.org", "a", ""},
				{"wks_2", "guest@example.org", "b", ""},
				{"wks_2", "c@example.org", "c", api.Forbidden}, // is not invited
			},
			"in one browser": {{"wks_1", "d@example.org", "d", ""}, {"wks_1", "e@example.org", "d", api.Conflict}},
			"of one person": {
				{"wks_1", "f@example.org", "f", ""},
				{"wks_1", "f@example.org", "f", ""},
				{"wks_1", "f@example.org", "g", api.Forbidden}, // without a PIN
			},
			"of a workshop that is gone": {
				{"wks_1", "h@example.org", "h", ""},
				{"wks_gone", "i@example.org", "i", api.NotFound},
				{"wks_1", "j@example.org", "j", ""},
			},
		} {
			seats, errs := make([]allocator.Seat, len(together)), make([]error, len(together))
			release := s.Hold(t.Context())
			var all sync.WaitGroup
			for i, c := range together {
				all.Go(func() {
					r := allocator.ClaimRequest{WorkshopID: c.workshop, Email: c.email, NewSeat: fmt.Sprintf("sea_%s%d", what, i), At: now}
					copy(r.Token[:], c.browser)
					seats[i], errs[i] = s.Claim(t.Context(), r)
				})
				require.Eventually(t, func() bool { return s.Waiting() == i+1 }, time.Minute, time.Millisecond)
			}
			release()
			all.Wait()
			for i, c := range together {
				switch c.code {
				case "":
					require.NoError(t, errs[i], c)
					require.Equal(t, c.email, seats[i].Email)
				default:
					require.Equal(t, c.code, api.CodeOf(errs[i]), "%v: %v", c, errs[i])
				}
			}
		}
		events, err := s.Events(t.Context(), allocator.EventQuery{Limit: 100})
		require.NoError(t, err)
		var told []string
		for _, e := range events {
			if e.Action == "claim seat" {
				told = append(told, e.Actor)
				require.Regexp(t, "^place [1-5] in the queue$", e.Detail)
			}
		}
		require.ElementsMatch(t, []string{
			"a@example.org", "guest@example.org", "d@example.org", "f@example.org", "h@example.org", "j@example.org",
		}, told)
	})
}
