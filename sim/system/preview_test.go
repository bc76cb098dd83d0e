package system

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/launcher"
)

// `make preview TEMPLATE=…`, for each that there is.
func TestEveryTemplateIsPreviewedByTheEngine(t *testing.T) {
	root := lease(t)
	files, err := filepath.Glob(filepath.Join(root, launcher.Templates, "*.yaml"))
	require.NoError(t, err)
	require.Len(t, files, 10)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		said := &strings.Builder{}
		w, err := launcher.Find(root, said)
		require.NoError(t, err)
		require.NoError(t, w.PreviewTemplate(t.Context(), name), "%s: %s", name, said)
		require.Regexp(t, `\+ \d\d to create`, said.String(), name)
		require.NoDirExists(t, filepath.Join(root, ".lablink", "preview"), "what was looked at is gone")
	}
}
