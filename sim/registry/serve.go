package registry

import (
	"io"
	"net/http"
	"os"
	"strconv"
	"time"
)

const (
	// drop is how much of a layer is sent at once while it is held up, in bytes, and slowly
	// the time between two.
	drop   = 1 << 10
	slowly = 100 * time.Millisecond
)

// Handler answers who pulls the image, whatever name of a repository they ask for.
func (i *Image) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/{$}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /v2/{group}/{name}/manifests/{digest}", func(w http.ResponseWriter, r *http.Request) {
		i.say(w, r, manifestKind, i.Digest, i.manifest)
	})
	mux.HandleFunc("GET /v2/{group}/{name}/blobs/{digest}", func(w http.ResponseWriter, r *http.Request) {
		if layer, ok := i.layers[r.PathValue("digest")]; ok {
			i.send(w, r, layer)
			return
		}
		i.say(w, r, configKind, i.of, i.config)
	})
	return mux
}

// say answers with a part of the image, where its digest is asked for.
func (i *Image) say(w http.ResponseWriter, r *http.Request, kind, digest string, raw []byte) {
	if r.PathValue("digest") != digest {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Docker-Content-Digest", digest)
	_, _ = w.Write(raw)
}

// send sends a layer: half of it at once, and drop by drop from there as long as it is held up.
func (i *Image) send(w http.ResponseWriter, r *http.Request, layer string) {
	f, err := os.Open(layer)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	if r.Method == http.MethodHead {
		return
	}
	if _, err := io.CopyN(w, f, info.Size()/2); err != nil {
		return
	}
	if !i.heldUp(w, r, f) {
		return
	}
	_, _ = io.Copy(w, f)
}

// heldUp sends drops until the image is not held up any more.
func (i *Image) heldUp(w http.ResponseWriter, r *http.Request, f io.Reader) bool {
	tick := time.NewTicker(slowly)
	defer tick.Stop()
	for i.Held != nil {
		select {
		case <-i.Held:
			return true
		case <-r.Context().Done():
			return false
		case <-tick.C:
		}
		if _, err := io.CopyN(w, f, drop); err != nil {
			return false
		}
		_ = http.NewResponseController(w).Flush() // what is not sent is sent later
	}
	return true
}
