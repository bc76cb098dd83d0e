package web_test

import (
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/web"
	"github.com/talmolab/lablink-infrastructure/api"
)

// looks counts how often the machine was looked at.
type looks int

func (l *looks) Status() api.Status {
	*l++
	return api.Status{
		At:      time.Date(2026, 5, 4, 12, 0, int(*l), 0, time.UTC),
		Version: "v1.2.3", Health: api.Degraded, Reason: "it is warm",
		Inventory: api.Inventory{GPUs: []api.GPU{{UUID: "GPU-a"}}},
		Readings:  []api.Reading{{UUID: "GPU-a", Temperature: new(uint32(91))}},
	}
}

func get(m web.Machine, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	web.Handler(m).ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

func TestTheStatusIsFreshEachTime(t *testing.T) {
	var m looks
	for second := 1; second <= 2; second++ {
		w := get(&m, "GET", "/status")
		assert.Equal(t, 200, w.Code)
		assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		var s api.Status
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &s))
		assert.Equal(t, second, s.At.Second())
		assert.Equal(t, api.Degraded, s.Health)
		assert.EqualValues(t, 91, *s.Readings[0].Temperature)
	}
}

func TestTheAgentSaysThatItIsAliveWithoutALookAtTheGPUs(t *testing.T) {
	var m looks
	w := get(&m, "GET", "/healthz")
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, "ok\n", w.Body.String())
	assert.Zero(t, m)
}

func TestNothingElseIsAnswered(t *testing.T) {
	var m looks
	assert.Equal(t, 405, get(&m, "POST", "/status").Code)
	assert.Equal(t, 404, get(&m, "GET", "/").Code)
	assert.Zero(t, m)
}
