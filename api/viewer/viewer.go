package viewer

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed source/page.html source/missing.html source/viewer.css built
var files embed.FS

// script is the name of what is built.
const script = "viewer.js"

// View is what a page shows.
type View struct {
	// Title says whose desktop it is. Optional.
	Title string
	// Language is what the page speaks. Optional: English.
	Language Language
	// Stream is where the desktop's stream is, and Back where one comes from.
	Stream, Back string
	// Watched is where the page hears whether somebody watches. Optional.
	Watched string
	// Assets is the folder of the page's script and style, with a slash at its end.
	Assets string
	// Watch says that the viewer only looks on: a courtesy of the page, as the agent
	// takes nothing else from it.
	Watch bool
	// Control says that staff works on somebody else's desktop: what is typed and pointed
	// goes there, and neither a clipboard nor the size of this window.
	Control bool
	// TakeOver and OnlyWatch are where one page of staff's leads to the other.
	TakeOver, OnlyWatch string
}

// Say is one of the page's words, in English where its language lacks it.
func (v View) Say(name string) string { return cmp.Or(v.Language.Words[name], English[name]) }

// Built reports whether this program was built with the viewer.
func Built() bool {
	_, err := fs.Stat(files, "built/"+script)
	return err == nil
}

// Page answers with the page, or with what is missing for it.
func Page(w http.ResponseWriter, v View) {
	name, status := "page.html", http.StatusOK
	if !Built() {
		name, status = "missing.html", http.StatusNotImplemented
	}
	page, err := v.fill("source/" + name)
	if err != nil {
		http.Error(w, "The page of the desktop cannot be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, page)
}

// Asset answers with the page's script or style, by the last part of the path. A browser
// that has it asks whether it is still the same.
func Asset(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.URL.Path)
	folder := map[string]string{script: "built/", "viewer.css": "source/"}[name]
	raw, err := files.ReadFile(folder + name)
	if folder == "" || err != nil {
		http.NotFound(w, r)
		return
	}
	sum := sha256.Sum256(raw)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	if strings.HasSuffix(name, ".js") {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(raw))
}
