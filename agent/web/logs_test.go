package web_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/web"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestTheLastLinesAreKept(t *testing.T) {
	var all bytes.Buffer
	lines := &web.Lines{To: &all}
	for n := range 300 {
		fmt.Fprintf(lines, "line %d\n", n)
	}
	fmt.Fprintln(lines, strings.Repeat("x", 5000))
	w := httptest.NewRecorder()
	var m looks
	web.Handler(&m, web.WithLogs(lines)).ServeHTTP(w, httptest.NewRequest("GET", "/logs", nil))
	var got api.Logs
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	require.Len(t, got.Lines, 200)
	require.Equal(t, "line 101", got.Lines[0])
	require.Len(t, got.Lines[199], 2000)
	require.Equal(t, 301, strings.Count(all.String(), "\n"), "and nothing is held back")
}
