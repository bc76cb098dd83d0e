package vnc

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/agent/rfb"
	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// pictureEvery is how often a new small picture is made at most.
	pictureEvery = 4 * time.Second
	// pictureTime is how long one may take to be made.
	pictureTime = 10 * time.Second
)

// qualities are tried until a picture is small enough.
var qualities = []int{60, 35, 15, 5}

// previews keeps the last small picture of a desktop. It is of the session that goes on.
type previews struct {
	making sync.Mutex // held while one is made

	mu   sync.Mutex
	of   int // counts sessions
	at   time.Time
	last []byte
}

// forget drops the picture: what it shows has ended.
func (p *previews) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of, p.last, p.at = p.of+1, nil, time.Time{}
}

// kept is the last picture, when it was made, and of which session.
func (p *previews) kept() (last []byte, at time.Time, of int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last, p.at, p.of
}

// keep keeps a picture, unless its session has ended meanwhile.
func (p *previews) keep(raw []byte, at time.Time, of int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of != of {
		return false
	}
	p.last, p.at = raw, at
	return true
}

// Preview answers with a small picture of the desktop, for staff, to whom the allocator
// passes it on. To look at it is neither to work nor to watch.
func (d *Desktop) Preview(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get(api.ViewHeader) != api.ViewOnly {
		Problem(w, api.Problemf(api.Forbidden, "The small pictures are for staff", "Open your desktop itself."))
		return
	}
	raw, err := d.small(r.Context())
	if err != nil || len(raw) == 0 {
		Problem(w, NotYet())
		return
	}
	sum := sha256.Sum256(raw)
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(raw))
}

// small is the last picture, or a new one when that is old. While one is made others get the
// last; nil where there is none yet. It is made for all who ask, so that one who does not wait
// for it takes it from nobody.
func (d *Desktop) small(ctx context.Context) ([]byte, error) {
	if !d.Began() {
		return nil, nil
	}
	if last, at, _ := d.previews.kept(); d.now().Sub(at) < pictureEvery {
		return last, nil
	}
	if !d.previews.making.TryLock() {
		last, _, _ := d.previews.kept()
		return last, nil
	}
	defer d.previews.making.Unlock()
	_, _, of := d.previews.kept()
	raw, err := d.picture(context.WithoutCancel(ctx))
	if !d.previews.keep(raw, d.now(), of) {
		return nil, nil
	}
	return raw, err
}

// picture makes a small picture by a connection of its own, as who watches has one.
func (d *Desktop) picture(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, pictureTime)
	defer cancel()
	conn, _, err := d.reach(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	shot, err := rfb.Picture(conn, image.Pt(api.PreviewWidth, api.PreviewHeight))
	if err != nil {
		return nil, err
	}
	return packed(shot)
}

// packed is a picture as a JPEG that is not too large.
func packed(shot image.Image) ([]byte, error) {
	var out bytes.Buffer
	for _, quality := range qualities {
		out.Reset()
		if err := jpeg.Encode(&out, shot, &jpeg.Options{Quality: quality}); err != nil {
			return nil, fmt.Errorf("pack a picture: %w", err)
		}
		if out.Len() <= api.MaxPreview {
			return out.Bytes(), nil
		}
	}
	return nil, errors.New("a picture is too large, however it is packed")
}
