package cli_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/cli"
)

func TestWhatWasKeptIsDownloadedBelowWhoMadeIt(t *testing.T) {
	var asked atomic.Int64
	bucket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path == "/gone" {
			http.Error(w, "expired", http.StatusForbidden)
			return
		}
		_, _ = w.Write([]byte("content of " + r.URL.Path))
	}))
	defer bucket.Close()
	var files []api.WorkFile
	_, at := serve(t, func(next http.Handler) http.Handler { // what an allocator answers when S3 holds these
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/work") {
				next.ServeHTTP(w, r)
				return
			}
			assert.NoError(t, json.NewEncoder(w).Encode(api.Page[api.WorkFile]{Items: files}))
		})
	})
	folder := filepath.Join(t.TempDir(), "kept")
	files = []api.WorkFile{
		{Participant: "ann@example.org", Path: "then/results/a.csv", Bytes: 18, URL: bucket.URL + "/a?Signature=secret"},
		{Participant: "bob@example.org", Path: "b.csv", Bytes: 18, URL: bucket.URL + "/b"},
	}
	require.Contains(t, must(t, at, "work", "wks_1"), "then/results/a.csv")
	require.Zero(t, asked.Load())
	must(t, at, "work", "wks_1", "--to", folder)
	raw, err := os.ReadFile(filepath.Join(folder, "ann@example.org/then/results/a.csv"))
	require.NoError(t, err)
	require.Equal(t, "content of /a", string(raw))
	must(t, at, "work", "wks_1", "--to", folder)
	require.EqualValues(t, 2, asked.Load(), "what is there stays")

	files = append(files, api.WorkFile{Participant: "eve@example.org", Path: "x", URL: bucket.URL + "/gone"})
	_, err = lablink(t, at, "work", "wks_1", "--to", folder)
	require.ErrorContains(t, err, "download x of eve@example.org: the bucket answers 403 Forbidden")
	files[2] = api.WorkFile{Participant: "eve@example.org", Path: "../../../out", URL: bucket.URL + "/b"}
	_, err = lablink(t, at, "work", "wks_1", "--to", folder)
	require.ErrorContains(t, err, "escapes")
	_, err = os.Stat(filepath.Join(folder, "..", "out"))
	require.ErrorIs(t, err, os.ErrNotExist)
	files[2] = api.WorkFile{Participant: "eve@example.org", Path: "x", URL: "http://127.0.0.1:1/x?Signature=secret"}
	_, err = lablink(t, at, "work", "wks_1", "--to", folder)
	require.NotContains(t, err.Error(), "secret")
	left, err := filepath.Glob(filepath.Join(folder, "*", "*.part"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestWorkIsCollectedSeatsExtendedAndRostersReadFromATerminal(t *testing.T) {
	w, url := serve(t)
	w.Pools[0].Collect = []string{"results/**"}
	ws := w.ReadyWorkshop(t, 1)
	require.Contains(t, must(t, url, "collect", ws.Name), "op_")
	must(t, url, "change", ws.ID, "--minutes", "30", "--invite", "ann@example.org")
	require.Contains(t, must(t, url, "roster", ws.ID), "ann@example.org")
	claimed, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	until := w.Time.Add(45 * time.Minute).In(time.Local).Format("2006-01-02 15:04 IST")
	require.Contains(t, must(t, url, "extend", claimed.Seat.ID, "15"), until)
	_, err = lablink(t, url, "extend", "sea_x", "15")
	require.Equal(t, 4, cli.ExitCode(err))
}

func TestSchedulesAreRunFromATerminal(t *testing.T) {
	_, url := serve(t)
	out := must(t, url, "schedules", "add", "Pose", "--rule", "FREQ=WEEKLY;BYDAY=TU", "--first", "2026-03-03T09:00", "--zone", "Europe/Berlin", "--minutes", "120", "--machines", "3")
	id := regexp.MustCompile(`sch_\w+`).FindString(out)
	require.NotEmpty(t, id, out)
	require.Regexp(t, id+` +Pose +2026-03-03 13:30 IST +FREQ=WEEKLY;BYDAY=TU +Europe/Berlin`, must(t, url, "schedules"))
	_, err := lablink(t, url, "schedules", "add", "Pose", "--rule", "now and then", "--first", "2026-03-03T09:00", "--zone", "Europe/Berlin", "--minutes", "120", "--machines", "3")
	require.Equal(t, 2, cli.ExitCode(err))
	must(t, url, "schedules", "end", id)
	require.NotContains(t, must(t, url, "schedules"), id)
}

func TestStatusSaysWhatADeploymentIsUsedForIfAsked(t *testing.T) {
	w, url := serve(t)
	w.Rates = dollar{}
	ws := w.ReadyWorkshop(t, 2)
	_, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	require.Regexp(t, `workshops +1 open\nmachines +1 assigned, 1 ready +1 with a participant\ncost +\$2\.00 an hour +\$\d\.\d\d in 2026-03\n`, must(t, url, "status", "--use"))
	var got struct {
		Ready bool
		Use   struct{ Machines map[string]int }
	}
	require.NoError(t, json.Unmarshal([]byte(must(t, url, "status", "--use", "--json")), &got))
	require.True(t, got.Ready)
	require.Equal(t, map[string]int{"assigned": 1, "ready": 1}, got.Use.Machines)
	require.NotContains(t, must(t, url, "status", "--json"), `"use"`)
}

func TestWhoDidWhatAndWhatBecameOfAMachineIsReadFromATerminal(t *testing.T) {
	l, url := logging(t)
	out := must(t, url, "timeline", "ann@example.org")
	require.Regexp(t, `ready +its agent reports`, out)
	require.Contains(t, out, "given to ann@example.org")
	require.Contains(t, must(t, url, "audit"), "ann@example.org")
	var events []api.Event
	require.NoError(t, json.Unmarshal([]byte(must(t, url, "audit", "--limit", "1", "--json", "--actor", "admin")), &events))
	require.Len(t, events, 1)
	require.Equal(t, "admin", events[0].Actor)
	_, err := lablink(t, url, "timeline", l.machine.ID+"x")
	require.Equal(t, 4, cli.ExitCode(err))
}

func TestOperationsAreListedAsManyAsAreAskedFor(t *testing.T) {
	w, url := serve(t, func(next http.Handler) http.Handler { // an allocator whose pages are short
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if q := r.URL.Query(); r.URL.Path == "/api/v1/operations" && q.Get("limit") != "1" {
				q.Set("limit", "2")
				r.URL.RawQuery = q.Encode()
			}
			next.ServeHTTP(rw, r)
		})
	})
	for range 5 {
		w.Open(t, 1)
	}
	list := func(args ...string) (all []api.Operation) {
		require.NoError(t, json.Unmarshal([]byte(must(t, url, append([]string{"operations", "--json"}, args...)...)), &all))
		return all
	}
	require.Len(t, list(), 5)
	require.Equal(t, list()[:3], list("--limit", "3"))
}
