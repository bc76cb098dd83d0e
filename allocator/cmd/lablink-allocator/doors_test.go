package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAnswersOverTLSHoldBrowsersToIt(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	for seconds, want := range map[int]string{31_536_000: "max-age=31536000", 0: ""} {
		w := httptest.NewRecorder()
		strictTransport(page, seconds).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		assert.Equal(t, want, w.Header().Get("Strict-Transport-Security"), "%d seconds", seconds)
		assert.Equal(t, http.StatusNotFound, w.Code)
	}
}
