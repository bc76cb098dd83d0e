package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"time"

	"github.com/klauspost/compress/gzhttp"
)

//go:embed assets/* source/style.css built/*
var assetFiles embed.FS

// asset is a file that pages load.
type asset struct {
	name string
	raw  []byte
	sum  string // names what is in it, so that browsers may keep it
}

// assets are all of them, by name.
type assets map[string]asset

// readAssets reads what came with the program. Built by hand, without npm, it lacks its
// script, and has only the project's own style.
func readAssets() (assets, error) {
	all := assets{}
	for _, file := range []struct{ name, from string }{
		{"icon.svg", "assets/icon.svg"}, {"seat.js", "assets/seat.js"},
		{"pages.css", "source/style.css"}, {"pages.css", "built/pages.css"}, {"pages.js", "built/pages.js"},
	} {
		raw, err := fs.ReadFile(assetFiles, file.from)
		if err != nil && path.Dir(file.from) == "built" {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read what pages load: %w", err)
		}
		sum := sha256.Sum256(raw)
		all[file.name] = asset{file.name, raw, hex.EncodeToString(sum[:6])}
	}
	return all, nil
}

// url is where a file is, or "" where there is none.
func (a assets) url(name string) template.URL {
	file, ok := a[name]
	if !ok {
		return ""
	}
	return template.URL("/assets/" + file.name + "?v=" + file.sum) //nolint:gosec // made of names and sums
}

// ServeHTTP answers with a file. Under the address that url tells, it never changes.
func (a assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := a[path.Base(r.URL.Path)]
	if !ok {
		http.NotFound(w, r)
		return
	}
	keep := "no-cache"
	if r.URL.Query().Get("v") == file.sum {
		keep = "public, max-age=31536000, immutable"
	}
	w.Header().Set("Cache-Control", keep)
	w.Header().Set("ETag", `"`+file.sum+`"`)
	http.ServeContent(w, r, file.name, time.Time{}, bytes.NewReader(file.raw))
}

// compressed makes answers smaller on their way. Of the same page no two are of the same
// length, so that nobody learns from it what is in one.
var compressed = func() func(http.Handler) http.HandlerFunc {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.RandomJitter(32, 0, false))
	if err != nil {
		panic(err) // of constants
	}
	return wrap
}()
