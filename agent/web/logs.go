package web

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/talmolab/lablink-infrastructure/api"
)

// The last lines are kept as far as they fit.
const (
	maxLines = 200
	maxLine  = 2000 // bytes
)

// Lines keeps the last lines of what is written to it, and passes all on.
type Lines struct {
	To io.Writer

	mu   sync.Mutex
	last []string
}

// Write takes whole lines, as loggers write them.
func (l *Lines) Write(raw []byte) (int, error) {
	l.mu.Lock()
	for line := range bytes.Lines(raw) {
		line = bytes.TrimRight(line, "\n")
		l.last = append(l.last, string(line[:min(len(line), maxLine)]))
	}
	l.last = l.last[max(0, len(l.last)-maxLines):]
	l.mu.Unlock()
	return l.To.Write(raw)
}

// WithLogs answers GET /logs with them.
func WithLogs(l *Lines) Part {
	return func(mux *http.ServeMux) {
		mux.HandleFunc("GET /logs", func(w http.ResponseWriter, _ *http.Request) {
			l.mu.Lock()
			lines := slices.Clone(l.last)
			l.mu.Unlock()
			show(w, api.Logs{Lines: lines})
		})
	}
}
