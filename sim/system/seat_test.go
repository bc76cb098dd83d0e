package system

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

// seesItsGPU waits until a person is told of the GPU of the machine whose seat
// they hold: by the machine itself, through its tunnel.
func (l *local) seesItsGPU(t *testing.T, person *api.Client) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.url+"/api/v1/seats/current/events", nil)
	require.NoError(t, err)
	res, err := (&http.Client{Jar: person.HTTP.Jar, Transport: person.HTTP.Transport}).Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		raw, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var live api.Live
		require.NoError(t, json.Unmarshal([]byte(raw), &live))
		if live.Reachable {
			require.NotEmpty(t, live.Status.Readings)
			return
		}
		t.Log("not yet:", live.Detail)
	}
	require.FailNow(t, "the answer ended before the machine was reached", "%v", lines.Err())
}
