package web

import (
	"bytes"
	"context"
	"image/jpeg"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// previewTime is how long a machine may take for a small picture.
const previewTime = 15 * time.Second

// preview passes a small picture of a participant's desktop on to staff, where the workshop
// says so still when it is there, and the participant was told. What is none, or too large, is not passed on: a machine
// chooses its answers. No browser keeps it.
func (s *server) preview(w http.ResponseWriter, r *http.Request) {
	seat, err := s.Service.Previewed(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	raw := s.pictureOf(r.Context(), seat.MachineID)
	now, err := s.Service.Previewed(r.Context(), seat.ID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	if raw == nil || now.Session() != seat.Session() { // it may be of whoever has the machine now
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	_, _ = w.Write(raw)
}

// readsPreviews keeps that a participant was sent what their page says of small pictures.
func (s *server) readsPreviews(ctx context.Context, seat allocator.Seat) {
	if err := s.Service.PreviewsSeen(ctx, seat); err != nil {
		s.Log.WarnContext(ctx, "nobody sees small pictures of a desktop before its participant's page is looked at again", "seat", seat.ID, "error", err)
	}
}

// pictureOf asks a machine for a small picture of its desktop; nil where there is none now.
func (s *server) pictureOf(ctx context.Context, machine string) []byte {
	ctx, cancel := context.WithTimeout(ctx, previewTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://agent"+desktopPath+"preview", nil)
	if err != nil {
		return nil
	}
	req.Header.Set(api.ViewHeader, api.ViewOnly)
	res, err := s.Machine(machine).RoundTrip(req)
	if err != nil {
		return nil
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, api.MaxPreview+1))
	if err != nil || res.StatusCode != http.StatusOK || len(raw) > api.MaxPreview || !isPreview(raw) {
		return nil
	}
	return raw
}

// isPreview reports whether something is a JPEG of a size that small pictures have.
func isPreview(raw []byte) bool {
	found, err := jpeg.DecodeConfig(bytes.NewReader(raw))
	return err == nil && found.Width <= api.PreviewWidth && found.Height <= api.PreviewHeight
}
