package vnc_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
)

func TestWhichWindowIsActiveIsWhatTheSessionSays(t *testing.T) {
	w := newWorld(t, nil)
	_, known := w.Window()
	require.False(t, known, "as with a window manager that does not say")
	require.NoError(t, os.WriteFile(filepath.Join(w.session, "window"), []byte(`{"pid":7,"class":["blender","Blender"]}`), 0o600))
	window, known := w.Window()
	require.True(t, known)
	require.Equal(t, agent.Window{Process: 7, Class: []string{"blender", "Blender"}}, window)
}
