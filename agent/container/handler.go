package container

import (
	_ "embed"
	"fmt"
	"net/http"
	"path"

	"github.com/talmolab/lablink-infrastructure/agent/vnc"
	"github.com/talmolab/lablink-infrastructure/api"
)

// pages are those by which the viewer may begin, the best first.
var pages = []string{"vnc.html", "index.html"}

// asked is what the viewer's page is told: where the stream is, and that it begins by itself.
// KasmVNC's hides its bar and does without a clipboard in the frame of another page, unless
// it is told otherwise.
const asked = "?path=desktop/websockify&autoconnect=1&reconnect=1&resize=remote&show_control_bar=1&clipboard_up=true&clipboard_down=true&clipboard_seamless=true"

//go:embed waiting.html
var waiting []byte

// Handler answers below /desktop/ with the viewer of the image and the desktop's stream,
// and who watches with the stream that they may see.
func (d *Desktop) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /desktop/{$}", d.begin)
	mux.HandleFunc("GET /desktop/stream", d.watch)
	mux.HandleFunc("GET /desktop/websockify", d.work)
	mux.HandleFunc("GET /desktop/preview", d.Preview)
	mux.HandleFunc("GET /desktop/{file...}", d.file)
	return mux
}

// begin leads to the viewer's page, once there is something to see.
func (d *Desktop) begin(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if !d.Began() || !d.there(r.Context()) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write(waiting)
		return
	}
	for _, page := range pages {
		if f, err := d.viewer(page); err == nil {
			_ = f.Close()
			w.Header().Set("Location", page+asked) // below whatever the allocator has it
			w.WriteHeader(http.StatusFound)
			return
		}
	}
	vnc.Problem(w, api.Problemf(api.Unavailable, "The image of this desktop has no viewer", "Its page is missing: tell your instructor, who finds what an image needs under container desktops in the documentation."))
}

// file answers with a file of the viewer's. A browser that has it asks whether it is the
// same: another machine's image may have another one.
func (d *Desktop) file(w http.ResponseWriter, r *http.Request) {
	name := path.Clean(r.PathValue("file"))
	f, err := d.viewer(name)
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
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", fmt.Sprintf(`"%x-%x"`, info.ModTime().UnixNano(), info.Size()))
	w.Header().Set(api.PageHeader, api.ImagePage)
	http.ServeContent(w, r, name, info.ModTime(), f)
}

// watch shows the desktop to who only looks on.
func (d *Desktop) watch(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get(api.ViewHeader) == "" {
		vnc.Problem(w, api.Problemf(api.NotFound, "This desktop has another way", "Open the seat's page again and choose the desktop there."))
		return
	}
	d.Stream(w, r)
}
