package web

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// stackOf is what the calling goroutine is called, for tests.
func stackOf() string {
	var said [64]byte
	id, _, _ := strings.Cut(string(said[:runtime.Stack(said[:], false)]), " [")
	return id
}

func TestWorkersAnswerOneAfterTheOtherAndAsManyAsThereAreAtOnce(t *testing.T) {
	w := newWorkers(t.Context().Done(), slog.New(slog.DiscardHandler))
	var mu sync.Mutex
	on := map[string]bool{}
	meet := make(chan struct{})
	h := w.serve(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		on[stackOf()] = true
		mu.Unlock()
		if r.URL.Path == "/meet" {
			select {
			case meet <- struct{}{}:
			case <-meet:
			}
		}
		rw.WriteHeader(http.StatusTeapot)
	}))
	ask := func(path string) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, http.StatusTeapot, rec.Code)
	}
	var two sync.WaitGroup
	for range 2 {
		two.Go(func() { ask("/meet") }) // neither ends without the other
	}
	two.Wait()
	require.Len(t, on, 2)
	require.NotContains(t, on, stackOf())
	for range 100 {
		ask("/")
	}
	require.Less(t, len(on), 50, "those that wait are taken")
}

// fault is where a handler of a test is wrong.
func fault(http.ResponseWriter, *http.Request) { panic("it is wrong") }

func TestAWorkersPanicIsTheConnections(t *testing.T) {
	var log bytes.Buffer
	panics := func(v any, next http.HandlerFunc) {
		t.Helper()
		h := newWorkers(t.Context().Done(), slog.New(slog.NewTextHandler(&log, nil))).serve(next)
		require.PanicsWithValue(t, v, func() {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		})
	}
	panics(http.ErrAbortHandler, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	require.Empty(t, log.String(), "an answer was cut")
	panics("it is wrong", fault)
	require.Contains(t, log.String(), "web.fault(", "the log says where")
}
