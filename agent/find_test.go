package agent

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

// A home may hold millions of files, and the agent ends now.
func TestACollectionThatIsStoppedLooksNoFurther(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.csv"), nil, 0o600))
	s := api.StartCollect{ID: "op_1", Patterns: []string{"**"}, MaxFiles: 10, MaxBytes: 1000}
	files, err := (&Collector{}).find(t.Context(), os.DirFS(dir), s)
	require.NoError(t, err)
	require.Len(t, files, 1)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	_, err = (&Collector{}).find(stopped, os.DirFS(dir), s)
	require.ErrorIs(t, err, context.Canceled)
}
