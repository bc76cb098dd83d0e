package agent_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
)

// fakeKeeper keeps what it is given, and nothing under a place that it is told to
// refuse.
type fakeKeeper struct {
	mu     sync.Mutex
	kept   map[string]string
	refuse string
	away   error
	hold   chan struct{} // what is put waits for it; nil: not
	begun  chan struct{} // hears of what is put; nil: not
}

func (k *fakeKeeper) Places(_ context.Context, n api.NewUploads) (api.Uploads, error) {
	var out api.Uploads
	for _, f := range n.Files {
		out.URLs = append(out.URLs, n.Collection+"/"+f.Path)
		if n.Once {
			out.Headers = append(out.Headers, map[string]string{"once": f.Path})
		}
	}
	return out, k.away
}

func (k *fakeKeeper) Put(ctx context.Context, place string, headers map[string]string, content io.Reader, bytes int64) error {
	if k.begun != nil {
		k.begun <- struct{}{}
	}
	if k.hold != nil {
		select {
		case <-k.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if place == k.refuse {
		return errors.New("the bucket answers 403")
	}
	raw, err := io.ReadAll(content)
	if err == nil && int64(len(raw)) != bytes {
		err = fmt.Errorf("%d bytes instead of %d", len(raw), bytes)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if want := strings.TrimLeft(strings.TrimLeft(place, "op_0123456789"), "/"); headers["once"] != want {
		return fmt.Errorf("the headers are %v, and the place is %s", headers, place)
	}
	k.kept[place] = string(raw)
	return err
}

// home is a participant's, with a few files and a link out of it.
func home(t *testing.T) string {
	t.Helper()
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(outside, []byte("secret"), 0o600))
	for name, text := range map[string]string{"a.csv": "1", "results/b.txt": "22", "results/deep/c.bin": "333", "other/d.csv": "4444"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "results/link")))
	return dir
}

func collected(t *testing.T, c *agent.Collector, s api.StartCollect) api.CollectStatus {
	t.Helper()
	var status api.CollectStatus
	require.Eventually(t, func() bool {
		var err error
		status, err = c.Collect(s)
		return err == nil && status.Done
	}, time.Minute, time.Millisecond)
	return status
}

func request(id string) api.StartCollect {
	return api.StartCollect{ID: id, Patterns: []string{"*.csv", "results/**"}, MaxFiles: 10, MaxBytes: 1000}
}

func TestWhatFitsThePatternsIsKept(t *testing.T) {
	k := &fakeKeeper{kept: map[string]string{}}
	c := &agent.Collector{Home: home(t), Keeper: k}
	t.Cleanup(c.Close)
	require.Equal(t, api.CollectStatus{Done: true, Files: 3, Bytes: 6}, collected(t, c, request("op_1")))
	require.Equal(t, map[string]string{"op_1/a.csv": "1", "op_1/results/b.txt": "22", "op_1/results/deep/c.bin": "333"}, k.kept)
}

func TestWhatCannotBeKeptIsToldAndTheRestIsKept(t *testing.T) {
	k := &fakeKeeper{kept: map[string]string{}, refuse: "op_1/results/b.txt"}
	c := &agent.Collector{Home: home(t), Keeper: k}
	t.Cleanup(c.Close)
	status := collected(t, c, request("op_1"))
	assert.Equal(t, []int{2, 1}, []int{status.Files, status.Left})
	assert.Contains(t, status.Trouble, "results/b.txt: the bucket answers 403")

	few := request("op_2")
	few.MaxBytes = 3
	status = collected(t, c, few)
	assert.Equal(t, 1, status.Left)
	assert.Contains(t, status.Trouble, "more than the 10 files or 0 MiB")
	k.away = errors.New("nobody answers")
	status = collected(t, c, request("op_3"))
	assert.Equal(t, []int{0, 3}, []int{status.Files, status.Left})
	assert.Contains(t, status.Trouble, "nobody answers")
	c.Home = filepath.Join(c.Home, "missing")
	assert.Contains(t, collected(t, c, request("op_4")).Trouble, "open the home")
}

func TestOneCollectionGoesOnAtATimeAndEndsWithTheAgent(t *testing.T) {
	k := &fakeKeeper{kept: map[string]string{}, hold: make(chan struct{}), begun: make(chan struct{}, 3)}
	c := &agent.Collector{Home: home(t), Keeper: k}
	_, err := c.Collect(request("op_1"))
	require.NoError(t, err)
	<-k.begun
	_, err = c.Collect(request("op_2"))
	require.Equal(t, api.Conflict, api.CodeOf(err))
	c.Close()
	status, err := c.Collect(request("op_1"))
	require.NoError(t, err)
	require.True(t, status.Done)
	require.Equal(t, 3, status.Left)
}

func TestPatternsAreOfFoldersAndFiles(t *testing.T) {
	for pattern, names := range map[string]map[string]bool{
		"*.csv":          {"a.csv": true, "b/a.csv": false, "a.txt": false},
		"results/**":     {"results/a": true, "results/b/c": true, "results": false, "other/a": false},
		"**/*.csv":       {"a.csv": true, "x/y/a.csv": true, "x/a.txt": false},
		"run-?/out/*":    {"run-1/out/a": true, "run-12/out/a": false, "run-1/out/b/c": false},
		"**":             {"a": true, "a/b/c": true},
		"a/**/z/*.[ab]c": {"a/z/1.ac": true, "a/b/c/z/1.bc": true, "a/b/1.ac": false},
	} {
		for name, want := range names {
			assert.Equal(t, want, agent.Fits([]string{pattern}, name), "%s %s", pattern, name)
		}
	}
}

// swapping is a keeper while whose places are named a participant puts a pipe where a
// file was.
type swapping struct {
	fakeKeeper
	file string
}

func (k *swapping) Places(ctx context.Context, n api.NewUploads) (api.Uploads, error) {
	if err := errors.Join(os.Remove(k.file), syscall.Mkfifo(k.file, 0o600)); err != nil {
		return api.Uploads{}, err
	}
	return k.fakeKeeper.Places(ctx, n)
}

func TestAPipeInTheWayOfACollectionDoesNotHoldIt(t *testing.T) {
	dir := home(t)
	k := &swapping{fakeKeeper{kept: map[string]string{}}, filepath.Join(dir, "a.csv")}
	c := &agent.Collector{Home: dir, Keeper: k}
	status := collected(t, c, api.StartCollect{ID: "op_1", Patterns: []string{"*.csv", "other/*"}, MaxFiles: 10, MaxBytes: 1000})
	c.Close()
	require.Equal(t, api.CollectStatus{Done: true, Files: 1, Bytes: 4, Left: 1, Trouble: "a.csv: it is no file any more"}, status)
}

func TestNothingIsCollectedOnceTheSessionIsAnothers(t *testing.T) {
	for name, c := range map[string]struct {
		before string
		leave  func(s *agent.Sessions) error
	}{
		"it ends":                        {"anns", func(s *agent.Sessions) error { return s.End(t.Context(), "anns", 0) }},
		"another one begins":             {"anns", func(s *agent.Sessions) error { return s.Start(t.Context(), "bobs", 0) }},
		"one begins after the agent did": {"", func(s *agent.Sessions) error { return s.Start(t.Context(), "bobs", 0) }},
	} {
		k := &fakeKeeper{kept: map[string]string{}, hold: make(chan struct{})}
		collector := &agent.Collector{Home: home(t), Keeper: k}
		t.Cleanup(collector.Close)
		s := agent.NewSessions(agent.Plain{})
		s.Leaving = collector.Close
		require.NoError(t, s.Start(t.Context(), c.before, 0))
		_, err := collector.Collect(request("op_1"))
		require.NoError(t, err)
		require.NoError(t, c.leave(s), name)
		status, err := collector.Collect(request("op_1"))
		require.NoError(t, err)
		require.True(t, status.Done, name)
		require.Empty(t, k.kept, name)
		close(k.hold)
		require.Equal(t, 3, collected(t, collector, request("op_2")).Files, "the next one's work is kept")
	}
}

// flaky fails as often as it is told to before it keeps anything.
type flaky struct {
	*fakeKeeper
	places, puts int
	err          error
}

func (f *flaky) Places(ctx context.Context, n api.NewUploads) (api.Uploads, error) {
	if f.places--; f.places >= 0 {
		return api.Uploads{}, f.err
	}
	return f.fakeKeeper.Places(ctx, n)
}

func (f *flaky) Put(ctx context.Context, place string, headers map[string]string, content io.Reader, bytes int64) error {
	if f.puts--; f.puts >= 0 {
		_, _ = content.Read(make([]byte, 1))
		return f.err
	}
	return f.fakeKeeper.Put(ctx, place, headers, content, bytes)
}

func TestWhatMayWorkTheNextTimeIsTriedAgain(t *testing.T) {
	away := &agent.Away{Err: errors.New("nobody answers")}
	for name, c := range map[string]struct {
		keeper flaky
		kept   int
	}{
		"nobody answers for a while":    {flaky{places: 20, puts: 20, err: away}, 3},
		"the allocator starts again":    {flaky{places: 20, err: api.Problemf(api.Unavailable, "It starts", "")}, 3},
		"the allocator refuses":         {flaky{places: 1, err: api.Problemf(api.NotFound, "There is no such collection", "")}, 0},
		"the bucket refuses one of all": {flaky{puts: 1, err: errors.New("the bucket answers 403")}, 2},
	} {
		c.keeper.fakeKeeper = &fakeKeeper{kept: map[string]string{}}
		collector := &agent.Collector{Home: home(t), Keeper: &c.keeper, Wait: func(context.Context, int) bool { return true }}
		t.Cleanup(collector.Close)
		require.Equal(t, c.kept, collected(t, collector, request("op_1")).Files, name)
	}
}

// ending is a keeper whose bucket is away, and whose collection ends meanwhile.
type ending struct {
	*fakeKeeper
	places int
}

func (e *ending) Places(ctx context.Context, n api.NewUploads) (api.Uploads, error) {
	if e.places++; e.places > 1 {
		return api.Uploads{}, api.Problemf(api.NotFound, "There is no such collection", "")
	}
	return e.fakeKeeper.Places(ctx, n)
}

func (*ending) Put(context.Context, string, map[string]string, io.Reader, int64) error {
	return &agent.Away{Err: errRefused}
}

func TestACollectionThatIsRefusedEnds(t *testing.T) {
	dir := t.TempDir()
	for i := range 60 { // more than places are asked for at once
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.csv", i)), []byte("1"), 0o600))
	}
	waits := 0
	collector := &agent.Collector{
		Home: dir, Keeper: &ending{fakeKeeper: &fakeKeeper{kept: map[string]string{}}},
		Wait: func(context.Context, int) bool { waits++; return waits < 10 },
	}
	t.Cleanup(collector.Close)
	s := request("op_1")
	s.MaxFiles = 60
	require.Equal(t, 60, collected(t, collector, s).Left)
	require.Zero(t, waits)
}

// outage is a keeper whom nobody reaches until it is over.
type outage struct {
	*fakeKeeper
	over time.Time
}

func (o *outage) Places(ctx context.Context, n api.NewUploads) (api.Uploads, error) {
	if time.Now().Before(o.over) {
		return api.Uploads{}, &agent.Away{Err: errRefused}
	}
	return o.fakeKeeper.Places(ctx, n)
}

func (o *outage) Put(ctx context.Context, place string, headers map[string]string, content io.Reader, bytes int64) error {
	if time.Now().Before(o.over) {
		return &agent.Away{Err: errRefused}
	}
	return o.fakeKeeper.Put(ctx, place, headers, content, bytes)
}

// patiently waits as an agent does.
func patiently(ctx context.Context, _ int) bool {
	select {
	case <-time.After(5 * time.Second):
		return true
	case <-ctx.Done():
		return false
	}
}

// The host is replaced as a workshop ends.
func TestWorkIsKeptAsLongAsTheAllocatorWaitsForIt(t *testing.T) {
	for name, c := range map[string]struct {
		away      time.Duration
		kept      int
		remembers bool // that it has ended
	}{
		"it is away for half a minute": {30 * time.Second, 3, true},
		"it is away for four minutes":  {4 * time.Minute, 3, true},
		"it is away for too long":      {10 * time.Minute, 0, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			memory := &fakeMemory{}
			k := &outage{&fakeKeeper{kept: map[string]string{}}, time.Now().Add(c.away)}
			collector := &agent.Collector{Home: home(t), Keeper: k, Wait: patiently, Memory: memory}
			s := request("op_1")
			s.Seconds = 300
			_, err := collector.Collect(s)
			require.NoError(t, err)
			time.Sleep(301 * time.Second)
			status, err := collector.Collect(s)
			require.NoError(t, err)
			require.True(t, status.Done, name)
			require.Equal(t, []int{c.kept, 3 - c.kept}, []int{status.Files, status.Left}, name)
			if c.kept == 0 {
				require.Contains(t, status.Trouble, "connection refused", "and not only that the time is over")
			}
			collector.Stop()

			time.Sleep(10 * time.Minute)
			collector = &agent.Collector{Home: collector.Home, Keeper: k, Wait: patiently, Memory: memory}
			status, err = collector.Collect(s)
			require.NoError(t, err)
			require.Equal(t, c.remembers, status.Done, "%s: what nobody refused is tried again after a restart", name)
			synctest.Wait()
			status, err = collector.Collect(s)
			require.NoError(t, err)
			require.Equal(t, api.CollectStatus{Done: true, Files: 3, Bytes: 6}, status, name)
			collector.Stop()
		})
	}
}

// One file that is never kept does not keep the others from being kept.
func TestAFileForWhichTheBucketNeverAnswersIsTheLastOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &stubborn{&fakeKeeper{kept: map[string]string{}}}
		collector := &agent.Collector{Home: home(t), Keeper: k, Wait: patiently}
		s := request("op_1")
		s.Seconds = 60
		_, err := collector.Collect(s)
		require.NoError(t, err)
		time.Sleep(time.Second)
		status, err := collector.Collect(s)
		require.NoError(t, err)
		require.Equal(t, api.CollectStatus{Files: 2, Bytes: 5}, status)
		time.Sleep(time.Minute)
		status, err = collector.Collect(s)
		require.NoError(t, err)
		require.Equal(t, api.CollectStatus{Done: true, Files: 2, Bytes: 5, Left: 1, Trouble: "a.csv: the bucket answers 503"}, status)
		collector.Stop()
	})
}

// stubborn is a keeper that never keeps a.csv.
type stubborn struct{ *fakeKeeper }

func (k *stubborn) Put(ctx context.Context, place string, headers map[string]string, content io.Reader, bytes int64) error {
	if strings.HasSuffix(place, "a.csv") {
		return &agent.Away{Err: errors.New("the bucket answers 503")}
	}
	return k.fakeKeeper.Put(ctx, place, headers, content, bytes)
}

// What the bucket makes of it may look like a cut connection.
func TestAFileThatBecomesShorterIsNotTriedAgain(t *testing.T) {
	k := &shortening{fakeKeeper{kept: map[string]string{}}, filepath.Join(home(t), "other/d.csv")}
	collector := &agent.Collector{Home: filepath.Dir(filepath.Dir(k.file)), Keeper: k, Wait: func(context.Context, int) bool { return true }}
	t.Cleanup(collector.Close)
	status := collected(t, collector, api.StartCollect{ID: "op_1", Patterns: []string{"other/*"}, MaxFiles: 10, MaxBytes: 1000})
	require.Equal(t, api.CollectStatus{Done: true, Left: 1, Trouble: "other/d.csv: it was changed while it was read"}, status)
}

// shortening is a keeper while whose places are named a file becomes shorter.
type shortening struct {
	fakeKeeper
	file string
}

func (k *shortening) Places(ctx context.Context, n api.NewUploads) (api.Uploads, error) {
	if err := os.Truncate(k.file, 1); err != nil {
		return api.Uploads{}, err
	}
	return k.fakeKeeper.Places(ctx, n)
}

func (k *shortening) Put(ctx context.Context, place string, headers map[string]string, content io.Reader, bytes int64) error {
	return &agent.Away{Err: k.fakeKeeper.Put(ctx, place, headers, content, bytes)}
}

// Staff collects while the machine is drained: each asks again until it is done.
func TestACollectionIsNotBegunAnewAfterAnother(t *testing.T) {
	k := &fakeKeeper{kept: map[string]string{}}
	c := &agent.Collector{Home: home(t), Keeper: k}
	t.Cleanup(c.Close)
	first := collected(t, c, request("op_1"))
	collected(t, c, request("op_2"))
	require.NoError(t, os.Remove(filepath.Join(c.Home, "a.csv")))
	again, err := c.Collect(request("op_1"))
	require.NoError(t, err)
	require.Equal(t, first, again)
}
