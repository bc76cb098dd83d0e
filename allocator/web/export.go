package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

const exportPath = "/api/v1/workshops/{id}/export"

const (
	jsonMedia = "application/json"
	csvMedia  = "text/csv"
)

// exportAnswer is a file.
type exportAnswer struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Cache       string `header:"Cache-Control"`
	Body        []byte
}

func (s *server) exportOperations(a huma.API) {
	staff(s, a, "export-workshop", http.MethodGet, exportPath, "All seats that a workshop ever had, as JSON or CSV, without PINs and tokens", 0,
		func(ctx context.Context, _ string, in *struct {
			ID     string `path:"id" maxLength:"64"`
			Format string `query:"format" enum:"json,csv" doc:"Absent: what Accept prefers, or JSON"`
			Accept string `header:"Accept" maxLength:"1000"`
		},
		) (*exportAnswer, error) {
			w, err := s.Service.Store.Workshop(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			all, err := s.Service.Store.SeatHistory(ctx, w.ID)
			if err != nil {
				return nil, err
			}
			used, err := s.Service.Store.Uses(ctx, w.ID)
			if err != nil {
				return nil, err
			}
			return answerExport(toExport(w, all, allocator.SeatUses(used), s.Service.Now()), in.Format, in.Accept)
		})
	// Its body is bytes to huma. What they are is described here.
	out := a.OpenAPI().Paths[exportPath].Get.Responses["200"]
	out.Content = map[string]*huma.MediaType{
		jsonMedia: {Schema: a.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[api.Export](), true, "Export")},
		csvMedia:  {Schema: &huma.Schema{Type: huma.TypeString, Description: "The columns are the fields of ExportedSeat, and those of its use; software_seconds, how long each program ran, and software_active_seconds, for how long the active window was its, are lists as blender=120 sleap=3."}},
	}
}

func answerExport(e api.Export, format, accept string) (*exportAnswer, error) {
	out := &exportAnswer{ContentType: jsonMedia, Cache: "no-store"}
	var err error
	ending := "json"
	if format == "csv" || format == "" && prefersCSV(accept) {
		out.ContentType, ending = csvMedia+"; charset=utf-8", "csv"
		out.Body, err = asCSV(e)
	} else {
		out.Body, err = json.Marshal(e)
	}
	out.Disposition = mime.FormatMediaType("attachment", map[string]string{"filename": fmt.Sprintf("%s.%s", e.Workshop, ending)})
	return out, err
}

// prefersCSV reports whether CSV is named before JSON.
func prefersCSV(accept string) bool {
	text, _, named := strings.Cut(accept, csvMedia)
	return named && !strings.Contains(text, jsonMedia)
}

func toExport(w allocator.Workshop, all []allocator.PastSeat, uses []api.SeatUse, now time.Time) api.Export {
	out := api.Export{Workshop: w.ID, Name: w.Name, At: now, Seats: []api.ExportedSeat{}}
	for _, s := range all {
		out.Seats = append(out.Seats, api.ExportedSeat{
			ID: s.ID, Email: s.Email, State: string(s.State), ClaimedAt: s.ClaimedAt, AssignedAt: orNil(s.AssignedAt), EndsAt: orNil(s.EndsAt),
			ReleasedAt: orNil(s.ReleasedAt), Because: s.ReleasedBecause, Machine: s.MachineID, Pool: s.Pool, Type: s.Type, Zone: s.Zone,
			MinutesHeld: int(math.Round(s.Held(now).Minutes())), Use: useOf(s.ID, uses),
		})
	}
	return out
}

// asCSV writes the seats, one a line, below the names of their fields.
func asCSV(e api.Export) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	lines := [][]string{{"id", "email", "state", "claimed_at", "assigned_at", "ends_at", "released_at", "because", "machine", "pool", "type", "zone", "minutes_held",
		"seconds_measured", "software_seconds", "gpu_active_seconds", "gpu_peak_percent", "gpu_memory_peak_bytes", "memory_peak_bytes", "load_peak", "software_active_seconds"}}
	for _, s := range e.Seats {
		lines = append(lines, append([]string{
			s.ID, harmless(s.Email), s.State, stamped(&s.ClaimedAt), stamped(s.AssignedAt), stamped(s.EndsAt), stamped(s.ReleasedAt),
			harmless(s.Because), s.Machine, harmless(s.Pool), s.Type, s.Zone, strconv.Itoa(s.MinutesHeld),
		}, useColumns(s.Use)...))
	}
	err := w.WriteAll(lines)
	return out.Bytes(), err
}

// harmless is a text that a spreadsheet takes for no formula.
func harmless(text string) string {
	if strings.ContainsAny(text[:min(1, len(text))], "=+-@\t\r\n") {
		return "'" + text
	}
	return text
}

func stamped(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
