package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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

func TestWhoCameInBeforeTheDoorsCloseIsAnsweredAndWhoComesAfterWaits(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	own, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	d := &doors{own: own, plain: []net.Listener{l}}
	defer d.close()
	failed := d.serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }), func() {})
	dial := func() net.Conn {
		c, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	in := dial()
	require.Eventually(t, func() bool { return d.newcomers.count() == 1 }, time.Minute, time.Millisecond)
	ended := make(chan error, 1)
	go func() { ended <- d.shutdown(time.Minute, time.Minute) }()
	<-d.gates[1].seen
	late := dial()
	_, err = io.WriteString(in, "GET / HTTP/1.1\r\nHost: lab\r\n\r\n")
	require.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(in), nil)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.NoError(t, <-ended)
	require.Empty(t, failed)
	require.Zero(t, d.newcomers.count(), "who came after was let in")
	require.NoError(t, late.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err = late.Read(make([]byte, 1))
	require.Error(t, err, "the socket is closed here, as no other process has it")
}
