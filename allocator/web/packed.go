package web

import (
	"crypto/rand"
	"net/http"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
)

// packed makes streams smaller on their way. Each event is compressed for itself: between two
// of them no memory is held, and what one says does not show in the length of another.
var packed = func() func(http.Handler) http.HandlerFunc {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(1), gzhttp.CompressionLevel(gzip.StatelessCompression),
		gzhttp.EnableZstd(false), gzhttp.ContentTypes([]string{"text/event-stream"}))
	if err != nil {
		panic(err) // of constants
	}
	return wrap
}()

// pack is the stream of what moves for staff, packed where the browser takes that. What is
// compressed is written at once, and sent on as the rest is, below the packing.
func (u *updates) pack(r *http.Request, follow func()) {
	packed(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		u.w, u.pads = w, true
		follow()
	})).ServeHTTP(u.w, r)
}

// padding is a comment of an event, of any length: from that of the event, which is seen from
// outside, nobody learns what is in it.
func padding() []byte {
	var n [1]byte
	_, _ = rand.Read(n[:]) // which never fails
	text := rand.Text()
	return []byte(": " + text[:int(n[0])%len(text)] + "\n")
}
