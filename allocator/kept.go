package allocator

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Kept is a file that was collected.
type Kept struct {
	WorkFile
	Seat  string
	Email string // of whose seat that was; "" for one that nobody knows
	Path  string // where it was in their home, below the time when they got their machine
}

// MostKept is how many files are listed at most: of a workshop that has more, those of one
// seat after the other.
const MostKept = 10_000

// KeptOf lists what was kept of a workshop, or of one of its seats, in the order of its
// participants: first who asked first.
func (s *Service) KeptOf(ctx context.Context, workshop, of string) ([]Kept, error) {
	seats, err := s.Store.SeatHistory(ctx, workshop)
	if err != nil || s.Work == nil {
		return nil, err
	}
	prefix := workFolder(workshop)
	if of != "" {
		prefix += of + "/"
	}
	files, err := s.Work.List(ctx, prefix)
	if err != nil {
		return nil, err
	}
	order, emails := map[string]int{}, map[string]string{}
	for i, seat := range seats {
		order[seat.ID], emails[seat.ID] = i-len(seats), seat.Email // before those that the database does not know
	}
	out := make([]Kept, len(files))
	for i, f := range files {
		seat, name, _ := strings.Cut(strings.TrimPrefix(f.Key, workFolder(workshop)), "/")
		out[i] = Kept{WorkFile: f, Seat: seat, Email: emails[seat], Path: name}
	}
	slices.SortStableFunc(out, func(a, b Kept) int { return cmp.Compare(order[a.Seat], order[b.Seat]) })
	return out, nil
}

// WorkOf is what was kept, with addresses to download it from.
func (s *Service) WorkOf(ctx context.Context, workshop string) ([]api.WorkFile, error) {
	files, err := s.KeptOf(ctx, workshop, "")
	if err != nil {
		return nil, err
	}
	out := make([]api.WorkFile, len(files))
	for i, f := range files {
		url, err := s.Work.Download(ctx, f.Key)
		if err != nil {
			return nil, err
		}
		out[i] = api.WorkFile{Seat: f.Seat, Participant: f.Email, Path: f.Path, Bytes: f.Bytes, At: f.At, URL: url}
	}
	return out, nil
}

// OpenKept opens a file that was kept.
func (s *Service) OpenKept(ctx context.Context, k Kept) (io.ReadCloser, error) {
	if s.Work == nil {
		return nil, nothingKept()
	}
	return s.Work.Open(ctx, k.Key)
}

// KeptAt opens a file that was kept of a seat. NotFound where there is none.
func (s *Service) KeptAt(ctx context.Context, workshop, seat, path string) (io.ReadCloser, error) {
	if seat == "" || path == "" || !below(seat) || strings.Contains(seat, "/") || !below(path) {
		return nil, api.Problemf(api.NotFound, "There is no such file", "Look for it in the list of what was made.")
	}
	return s.OpenKept(ctx, Kept{WorkFile: WorkFile{Key: workFolder(workshop) + seat + "/" + path}})
}
