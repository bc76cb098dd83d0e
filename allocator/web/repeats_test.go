package web_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // to look into the file

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

const repeatKey = "7b1f6c3e-2f9d-4f6e-9d55-1b1a1f6f0c11"

// creating are requests that create something, each with another one of its kind.
var creating = map[string][2]any{
	"/api/v1/workshops": {api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1}, api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 2}},
	"/api/v1/schedules": {
		api.NewSchedule{Rule: "FREQ=DAILY", First: "2026-04-02T09:00", Zone: "UTC", Minutes: 60, Workshop: api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1}},
		api.NewSchedule{Rule: "FREQ=DAILY", First: "2026-04-03T09:00", Zone: "UTC", Minutes: 60, Workshop: api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1}},
	},
	"/api/v1/users":  {api.NewUser{Name: "ann", Role: "viewer", Password: "the words of ann"}, api.NewUser{Name: "ann", Role: "viewer", Password: "other words of ann"}},
	"/api/v1/tokens": {api.NewToken{Name: "ci"}, api.NewToken{Name: "laptop"}},
}

func TestARequestThatIsSentAgainCreatesOneThing(t *testing.T) {
	for path, in := range creating {
		w := newWorld(t)
		b := w.staff(t)
		first, body := b.send(t, http.MethodPost, path, in[0], "Idempotency-Key", repeatKey)
		require.Equal(t, http.StatusCreated, first.StatusCode, body)
		again, same := b.send(t, http.MethodPost, path, in[0], "Idempotency-Key", repeatKey)
		require.Equal(t, http.StatusCreated, again.StatusCode)
		require.Equal(t, []string{body, first.Header.Get("Content-Type")}, []string{same, again.Header.Get("Content-Type")})
		require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
		res, other := b.send(t, http.MethodPost, path, in[1], "Idempotency-Key", repeatKey)
		require.Contains(t, refused(t, api.Invalid, res, other).Title, "used for another request")

		_, listed := b.send(t, http.MethodGet, path, nil)
		want := 1
		if path == "/api/v1/users" {
			want = 2 // with admin
		}
		require.Len(t, decode[api.Page[any]](t, listed).Items, want)
		w.Time = w.Time.Add(24*time.Hour + time.Second)
		_, err := w.Forget(t.Context())
		require.NoError(t, err)
		again, body = b.send(t, http.MethodPost, path, in[0], "Idempotency-Key", repeatKey)
		require.Empty(t, again.Header.Get("Idempotent-Replayed"), "a day later it is another request: %s", body)
	}
}

func TestOfTwoAtOnceOneHappens(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			b.send(t, http.MethodPost, "/api/v1/workshops", creating["/api/v1/workshops"][0], "Idempotency-Key", repeatKey)
		})
	}
	all.Wait()
	open, err := w.Store.OpenWorkshops(t.Context())
	require.NoError(t, err)
	require.Len(t, open, 1)
}

func TestARequestThatWasCutOffIsNotDoneAgain(t *testing.T) {
	for path, in := range creating {
		w := newWorld(t)
		b := w.staff(t)
		w.Through(&losing{Store: w.Store})
		res, _ := b.send(t, http.MethodPost, path, in[0], "Idempotency-Key", repeatKey)
		require.Equal(t, http.StatusCreated, res.StatusCode)
		res, body := b.send(t, http.MethodPost, path, in[0], "Idempotency-Key", repeatKey)
		require.Contains(t, refused(t, api.Conflict, res, body).Title, "is being carried out")
		require.NotEmpty(t, res.Header.Get("Retry-After"))
		w.Time = w.Time.Add(2 * time.Minute)
		res, body = b.send(t, http.MethodPost, path, in[0], "Idempotency-Key", repeatKey)
		require.Contains(t, refused(t, api.Conflict, res, body).Title, "not known what became")
	}
}

// losing is a store that keeps no answers, as when the allocator stops before.
type losing struct{ allocator.Store }

func (*losing) KeepAnswer(ctx context.Context, _ [32]byte, _ int, _ []byte) error { return ctx.Err() }

func TestWhatIsKeptOfARequestTellsNothingWithoutItsKey(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	const name = "continuous integration" // too long to be among sealed bytes by chance
	res, body := b.send(t, http.MethodPost, "/api/v1/tokens", api.NewToken{Name: name}, "Idempotency-Key", repeatKey)
	require.Equal(t, http.StatusCreated, res.StatusCode, body)
	secret := decode[api.MadeToken](t, body).Secret
	db, err := sql.Open("sqlite", w.Path)
	require.NoError(t, err)
	defer db.Close()
	var answer, key, request []byte
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT key, request, answer FROM answers").Scan(&key, &request, &answer))
	kept := string(key) + string(request) + string(answer)
	for _, hidden := range []string{secret, repeatKey, name} {
		require.NotContains(t, kept, hidden)
	}
}

func TestAKeyIsOfOneUserAndOfWhatCreates(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	in := creating["/api/v1/tokens"][0]
	b.send(t, http.MethodPost, "/api/v1/users", api.NewUser{Name: "bob", Role: "admin", Password: "the words of bob"})
	b.send(t, http.MethodPost, "/api/v1/tokens", in, "Idempotency-Key", repeatKey)
	bob := w.browser(t)
	bob.send(t, http.MethodPost, "/api/v1/sessions", api.Session{User: "bob", Password: "the words of bob"})
	res, _ := bob.send(t, http.MethodPost, "/api/v1/tokens", in, "Idempotency-Key", repeatKey)
	require.Equal(t, http.StatusCreated, res.StatusCode)
	require.Empty(t, res.Header.Get("Idempotent-Replayed"), "another user's key is another key")
	for _, key := range []string{"short", strings.Repeat("x", 201)} {
		res, body := b.send(t, http.MethodPost, "/api/v1/tokens", in, "Idempotency-Key", key)
		require.Contains(t, refused(t, api.Invalid, res, body).Detail, "between 16 and 200")
	}
	res, body := w.browser(t).send(t, http.MethodPost, "/api/v1/tokens", in, "Idempotency-Key", repeatKey)
	refused(t, api.Unauthorized, res, body)
	res, _ = b.send(t, http.MethodPost, "/api/v1/tokens", "{", "Idempotency-Key", "another key of mine")
	require.Equal(t, http.StatusBadRequest, res.StatusCode)
	res, _ = b.send(t, http.MethodPost, "/api/v1/tokens", `{"name":"`+strings.Repeat("x", 2<<20)+`"}`, "Idempotency-Key", "a third key of mine")
	require.Equal(t, http.StatusRequestEntityTooLarge, res.StatusCode)
}

func TestAUserWhoIsMadeAnewGetsNoAnswersOfTheOneBefore(t *testing.T) {
	w := newWorld(t)
	admin := w.staff(t)
	in := creating["/api/v1/tokens"][0]
	made := func() api.MadeToken {
		res, body := admin.send(t, http.MethodPost, "/api/v1/users", api.NewUser{Name: "bob", Role: "admin", Password: "the words of bob"})
		require.Equal(t, http.StatusCreated, res.StatusCode, body)
		bob := w.browser(t)
		bob.send(t, http.MethodPost, "/api/v1/sessions", api.Session{User: "bob", Password: "the words of bob"})
		res, body = bob.send(t, http.MethodPost, "/api/v1/tokens", in, "Idempotency-Key", repeatKey)
		require.Equal(t, http.StatusCreated, res.StatusCode, body)
		program, again := w.browser(t), decode[api.MadeToken](t, body)
		res, _ = program.send(t, http.MethodPost, "/api/v1/tokens", in, "Idempotency-Key", repeatKey, "Authorization", "Bearer "+again.Secret)
		require.Equal(t, "true", res.Header.Get("Idempotent-Replayed"), "with a token it is the same user")
		return again
	}
	first := made()
	res, _ := admin.send(t, http.MethodDelete, "/api/v1/users/bob", nil)
	require.Equal(t, http.StatusNoContent, res.StatusCode)
	w.Time = w.Time.Add(time.Second)
	require.NotEqual(t, first.ID, made().ID)
}

func TestARequestThatFailedMayBeSentAgain(t *testing.T) {
	full := fmt.Errorf("%w (%w)", api.Problemf(api.Unavailable, "That cannot be kept now", "The allocator's disk is full. Nothing was changed."), errors.New("database or disk is full (13)"))
	for err, code := range map[error]api.Code{errors.New("the disk is full"): api.Internal, full: api.Unavailable} {
		w := newWorld(t)
		b := w.staff(t)
		w.Through(&failingOnce{Store: w.Store, err: err})
		in := creating["/api/v1/workshops"][0]
		res, body := b.send(t, http.MethodPost, "/api/v1/workshops", in, "Idempotency-Key", repeatKey)
		refused(t, code, res, body)
		res, body = b.send(t, http.MethodPost, "/api/v1/workshops", in, "Idempotency-Key", repeatKey)
		require.Equal(t, http.StatusCreated, res.StatusCode, body)
	}
}

func TestARequestThatMayHaveHappenedIsNotDoneAgain(t *testing.T) {
	for _, err := range []error{
		fmt.Errorf("%w (%w: EOF)", api.Problemf(api.Unavailable, "It is not known whether that happened", "Look."), allocator.ErrUnsure),
		fmt.Errorf("read it back: %w", context.Canceled), // they hung up
	} {
		w := newWorld(t)
		b := w.staff(t)
		w.Through(&failingOnce{Store: w.Store, err: err})
		in := creating["/api/v1/workshops"][0]
		res, body := b.send(t, http.MethodPost, "/api/v1/workshops", in, "Idempotency-Key", repeatKey)
		refused(t, api.Unavailable, res, body)
		w.Time = w.Time.Add(2 * time.Minute)
		res, body = b.send(t, http.MethodPost, "/api/v1/workshops", in, "Idempotency-Key", repeatKey)
		require.Contains(t, refused(t, api.Conflict, res, body).Title, "not known what became")
	}
}

// failingOnce is a store that does not open a workshop at first.
type failingOnce struct {
	allocator.Store
	err error
}

func (f *failingOnce) OpenWorkshop(ctx context.Context, w allocator.Workshop, roster []string) error {
	if err := f.err; err != nil {
		f.err = nil
		return err
	}
	return f.Store.OpenWorkshop(ctx, w, roster)
}
