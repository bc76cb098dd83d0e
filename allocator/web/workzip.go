package web

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// workZip gives what was made in one archive: of all, or of one seat. It is written while
// it is read, so that it may be larger than the memory.
func (s *server) workZip(w http.ResponseWriter, r *http.Request) {
	workshop, err := s.Service.Store.Workshop(r.Context(), r.PathValue("id"))
	var files []allocator.Kept
	if err == nil {
		files, err = s.keptBy(r.Context(), workshop.ID, r.URL.Query().Get("seat"))
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	name := windowsName(workshop.Name)
	if r.URL.Query().Get("seat") != "" {
		name += " " + windowsName(files[0].Email)
	}
	attached(w, "application/zip", name+".zip")
	if err := s.zip(r.Context(), patient{w}, files); err != nil {
		s.Log.WarnContext(r.Context(), "an archive of work was not sent as a whole", "workshop", workshop.ID, "error", err)
		panic(http.ErrAbortHandler) // so that the browser says that the download failed
	}
}

// keptBy are the files of a workshop, or of one of its seats. NotFound where there are none.
func (s *server) keptBy(ctx context.Context, workshop, seat string) (out []allocator.Kept, err error) {
	if strings.Contains(seat, "/") {
		seat = "none"
	}
	out, err = s.Service.KeptOf(ctx, workshop, seat)
	if err == nil && len(out) == 0 {
		err = api.Problemf(api.NotFound, "Nothing is kept yet", "Files are kept when a participant leaves a machine, and when you collect them.")
	}
	return out, err
}

// zip writes files. One that is not there any more is named in the archive.
func (s *server) zip(ctx context.Context, to io.Writer, files []allocator.Kept) error {
	archive, names := zip.NewWriter(to), windowsNames{}
	var missing []string
	for _, f := range files {
		body, err := s.Service.OpenKept(ctx, f)
		if api.CodeOf(err) == api.NotFound {
			missing = append(missing, f.Email+": "+f.Path)
			continue
		}
		if err != nil {
			return err
		}
		err = addTo(archive, names.of(f.Email, f.Path), f.At, body)
		if err != nil {
			return fmt.Errorf("add %s: %w", f.Path, err)
		}
	}
	if len(files) >= allocator.MostKept {
		missing = append(missing, fmt.Sprintf("all after the first %d: download the files of each participant for themselves", allocator.MostKept))
	}
	if len(missing) > 0 {
		text := "These files are not in it, as they were removed from the bucket, or are too many:\r\n" + strings.Join(missing, "\r\n") + "\r\n"
		if err := addTo(archive, names.of("", "what is missing.txt"), s.Service.Now(), io.NopCloser(strings.NewReader(text))); err != nil {
			return err
		}
	}
	return archive.Close()
}

func addTo(archive *zip.Writer, name string, at time.Time, body io.ReadCloser) error {
	defer body.Close()
	file, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at})
	if err == nil {
		_, err = io.Copy(file, body)
	}
	return err
}
