package agent_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
)

// many is a home with more files than places are asked for at once.
func many(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for i := range 120 {
		name := string(rune('a'+i/26)) + string(rune('a'+i%26)) + ".csv"
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("12345"), 0o600))
	}
	return dir
}

func asked(id string) api.StartCollect {
	return api.StartCollect{ID: id, Patterns: []string{"*.csv"}, MaxFiles: 1000, MaxBytes: 10_000}
}

// cut is a collection that the agent's end cut short after some files.
func cut(t *testing.T, dir string, memory *fakeMemory) {
	t.Helper()
	k := &fakeKeeper{kept: map[string]string{}, hold: make(chan struct{}), begun: make(chan struct{}, 200)}
	c := &agent.Collector{Home: dir, Keeper: k, Memory: memory}
	_, err := c.Collect(asked("op_1"))
	require.NoError(t, err)
	for range 70 {
		<-k.begun
		k.hold <- struct{}{}
	}
	c.Stop()
}

func TestACollectionGoesOnAfterARestartOfTheAgent(t *testing.T) {
	dir, memory := many(t), &fakeMemory{}
	cut(t, dir, memory)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "aa.csv"), []byte("123456"), 0o600)) // it was changed since
	k := &fakeKeeper{kept: map[string]string{}}
	c := &agent.Collector{Home: dir, Keeper: k, Memory: memory}
	require.Equal(t, api.CollectStatus{Done: true, Files: 120, Bytes: 601}, collected(t, c, asked("op_1")))
	require.Len(t, k.kept, 51, "seventy were kept, of which one was changed since")
	require.Equal(t, "123456", k.kept["op_1/aa.csv"])
	c.Stop()

	c = &agent.Collector{Home: filepath.Join(dir, "gone"), Keeper: k, Memory: memory}
	require.Equal(t, api.CollectStatus{Done: true, Files: 120, Bytes: 601}, collected(t, c, asked("op_1")), "what has ended has ended")
}

// Whoever has the home next made other things.
func TestACollectionThatWasCutShortDoesNotGoOnInAnothersHome(t *testing.T) {
	dir, memory := many(t), &fakeMemory{}
	cut(t, dir, memory)
	k := &fakeKeeper{kept: map[string]string{}}
	c := &agent.Collector{Home: dir, Keeper: k, Memory: memory}
	s := agent.NewSessions(agent.Plain{})
	s.Leaving = c.Close
	require.NoError(t, s.Start(t.Context(), "bobs", 0))
	status := collected(t, c, asked("op_1"))
	require.Equal(t, 70, status.Files)
	require.Contains(t, status.Trouble, "cut short")
	require.Empty(t, k.kept)
}

// The agent is told of its session again, before or after it is asked for the collection.
func TestACollectionGoesOnWhenTheSessionIsTheSameAfterARestart(t *testing.T) {
	for _, first := range []string{"the session", "the collection"} {
		t.Run(first, func(t *testing.T) {
			dir, memory := many(t), &fakeMemory{}
			before := agent.NewSessions(agent.Plain{})
			before.Memory = memory
			require.NoError(t, before.Start(t.Context(), "anns", 3))
			cut(t, dir, memory)

			k := &fakeKeeper{kept: map[string]string{}, hold: make(chan struct{}), begun: make(chan struct{}, 200)}
			c := &agent.Collector{Home: dir, Keeper: k, Memory: memory}
			s := agent.NewSessions(agent.Plain{})
			s.Leaving, s.Memory = c.Close, memory
			if first == "the collection" {
				_, err := c.Collect(asked("op_1"))
				require.NoError(t, err)
				<-k.begun
			}
			require.NoError(t, s.Start(t.Context(), "anns", 3))
			close(k.hold)
			require.Equal(t, api.CollectStatus{Done: true, Files: 120, Bytes: 600}, collected(t, c, asked("op_1")))
			require.Len(t, k.kept, 50, "seventy were kept before")
		})
	}
}
