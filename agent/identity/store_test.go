package identity_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/identity"
)

func TestAnIdentitySurvivesARestartAndIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	store := identity.NewStore(dir)
	_, err := store.Load()
	require.ErrorIs(t, err, agent.ErrNoIdentity)

	for _, id := range []agent.Identity{{Secret: "one"}, {AgentID: "agt_1", Secret: "one"}, {AgentID: "agt_2", Secret: "two"}} {
		require.NoError(t, store.Save(id))
		loaded, err := identity.NewStore(dir).Load()
		require.NoError(t, err)
		assert.Equal(t, id, loaded)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing is left over")
	info, err := entries[0].Info()
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	above, err := os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), above.Mode().Perm())
}

func TestADamagedIdentityCountsAsNone(t *testing.T) {
	for _, content := range []string{"", "{", `{"agent_id":"agt_1"}`, "null"} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "identity.json"), []byte(content), 0o600))
		_, err := identity.NewStore(dir).Load()
		assert.ErrorIs(t, err, agent.ErrNoIdentity, content)
		assert.ErrorContains(t, err, "identity.json", content)
	}
}

func TestAnIdentityThatCannotBeReadIsNotTakenForNone(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "identity.json"), 0o700))
	_, err := identity.NewStore(dir).Load()
	require.Error(t, err)
	assert.NotErrorIs(t, err, agent.ErrNoIdentity)
}

func TestASaveThatFailsKeepsTheOldIdentity(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "identity.json"), 0o700)) // cannot be replaced by a file
	require.Error(t, identity.NewStore(dir).Save(agent.Identity{AgentID: "agt_1", Secret: "s"}))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing is left over")

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	assert.Error(t, identity.NewStore(file).Save(agent.Identity{AgentID: "agt_1", Secret: "s"}), "no directory")
}
