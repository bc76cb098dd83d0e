package web

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// deadlines is an answer that keeps until when it may be written.
type deadlines struct {
	http.ResponseWriter
	until []time.Time
}

func (d *deadlines) SetWriteDeadline(until time.Time) error {
	d.until = append(d.until, until)
	return nil
}

func (d *deadlines) Unwrap() http.ResponseWriter { return d.ResponseWriter }

func TestAnAnswerOfAMachineGoesOnWhileItIsTaken(t *testing.T) {
	d := &deadlines{ResponseWriter: httptest.NewRecorder()}
	w := patient{d}
	for range 2 {
		_, err := w.Write([]byte("data: 0\n\n"))
		require.NoError(t, err)
	}
	require.NoError(t, http.NewResponseController(w).Flush())
	require.Len(t, d.until, 2)
	require.Greater(t, time.Until(d.until[1]), patience/2)
}
