package registry

import "net/http"

// Handler answers who pulls the image, whatever name of a repository they ask for.
func (i *Image) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/{$}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /v2/{group}/{name}/manifests/{digest}", func(w http.ResponseWriter, r *http.Request) {
		i.say(w, r, manifestKind, i.Digest, i.manifest)
	})
	mux.HandleFunc("GET /v2/{group}/{name}/blobs/{digest}", func(w http.ResponseWriter, r *http.Request) {
		if layer, ok := i.layers[r.PathValue("digest")]; ok {
			http.ServeFile(w, r, layer)
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
