package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A database that this binary cannot use is said before anything is opened: data
// would go where nobody looks for it.
func TestADatabaseThatIsNotSQLiteIsRefusedBeforeAnythingIsOpened(t *testing.T) {
	dir := t.TempDir()
	settings, data := filepath.Join(dir, "settings.json"), filepath.Join(dir, "data")
	for engine, says := range map[string]string{"postgres": `"postgres"`, "": `""`} {
		require.NoError(t, os.WriteFile(settings, []byte(`{"deployment": "lab", "database": {"engine": "`+engine+`"}}`), 0o600))
		err := serveCommand{Settings: settings, Data: data}.Run(t.Context())
		assert.ErrorContains(t, err, "this allocator stores in SQLite only")
		assert.ErrorContains(t, err, "database.engine: "+says)
		assert.NoDirExists(t, data)
	}
}
