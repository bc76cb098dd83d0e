package web_test

import (
	"archive/zip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// kept is a workshop of which files are kept: of ann two, of bob one.
func kept(t *testing.T) (w *world, ws allocator.Workshop, seats []string) {
	t.Helper()
	w = newWorld(t)
	w.Pools[0].Collect = []string{"results/**"}
	ws = w.ReadyWorkshop(t, 2)
	for _, who := range []string{"ann", "bob"} {
		claimed, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: who + "@example.org"}, "")
		require.NoError(t, err)
		seats = append(seats, claimed.Seat.ID)
	}
	w.World.Work[ws.ID+"/"+seats[0]+"/2026-03-01T090000Z/results/a.csv"] = 5
	w.World.Work[ws.ID+"/"+seats[0]+"/2026-03-01T090000Z/results/what?.bin"] = 3 << 20
	w.World.Work[ws.ID+"/"+seats[1]+"/2026-03-01T090000Z/results/b.csv"] = 7
	return w, ws, seats
}

// unpacked are the files of an archive, by their names.
func unpacked(t *testing.T, raw string) map[string]string {
	t.Helper()
	archive, err := zip.NewReader(strings.NewReader(raw), int64(len(raw)))
	require.NoError(t, err)
	out := map[string]string{}
	for _, f := range archive.File {
		body, err := f.Open()
		require.NoError(t, err)
		text, err := io.ReadAll(body)
		require.NoError(t, err)
		out[f.Name] = string(text)
	}
	return out
}

func TestWhatWasMadeIsDownloadedAsOneArchiveOrByParticipant(t *testing.T) {
	w, ws, seats := kept(t)
	staff := w.staff(t)
	page := "/admin/workshops/" + ws.ID + "/work"
	file := "/admin/workshops/" + ws.ID + "/collected/file"
	body := mustOpen(t, staff, page)
	says(t, body, "Download all 3 files as a ZIP file (3.1 MB)", "ann@example.org", "2 files, 3.1 MB", page+".zip?seat="+seats[1], "results%2Fwhat%3F.bin", "<code>results/**</code>")
	require.NotContains(t, body, "https://bucket.test", "addresses of the bucket end")

	res, raw := staff.open(t, page+".zip")
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, []string{"application/zip", `attachment; filename=Pose.zip`}, []string{res.Header.Get("Content-Type"), res.Header.Get("Content-Disposition")})
	files := unpacked(t, raw)
	require.Len(t, files, 3)
	require.Len(t, files["ann@example.org/2026-03-01T090000Z/results/what_.bin"], 3<<20)
	require.Equal(t, strings.Repeat("\x00", 7), files["bob@example.org/2026-03-01T090000Z/results/b.csv"])
	res, raw = staff.open(t, page+".zip?seat="+seats[1])
	require.Contains(t, res.Header.Get("Content-Disposition"), "bob@example.org")
	require.Len(t, unpacked(t, raw), 1)

	res, raw = staff.open(t, file+"?seat="+seats[0]+"&path=2026-03-01T090000Z%2Fresults%2Fa.csv")
	require.Equal(t, http.StatusOK, res.StatusCode, "no page leads to another host")
	require.Equal(t, []string{"application/octet-stream", `attachment; filename=a.csv`}, []string{res.Header.Get("Content-Type"), res.Header.Get("Content-Disposition")})
	require.Equal(t, strings.Repeat("\x00", 5), raw)
	for _, bad := range []string{file + "?seat=..&path=x", file + "?seat=a%2Fb&path=x", file + "?seat=a&path=..%2F..%2Fx", file + "?seat=a", page + ".zip?seat=sea_x", "/admin/workshops/wks_x/work.zip", "/admin/workshops/wks_x/collected/file"} {
		res, _ = staff.open(t, bad)
		require.Equal(t, http.StatusNotFound, res.StatusCode, bad)
	}
	w.Service.Work = nil
	res, _ = staff.open(t, file+"?seat=a&path=x")
	require.Equal(t, http.StatusConflict, res.StatusCode)
}

// spoilt is a bucket of which some files cannot be read.
type spoilt struct{ allocatortest.FakeWork }

func (s spoilt) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if strings.HasSuffix(key, "a.csv") {
		return nil, api.Problemf(api.NotFound, "The file is not there any more", "%s was removed.", key)
	}
	if strings.HasSuffix(key, "b.csv") {
		return io.NopCloser(broken{}), nil
	}
	return s.FakeWork.Open(ctx, key)
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the bucket is away") }

func TestAnArchiveSaysWhatIsMissingAndIsCutWhereItCannotGoOn(t *testing.T) {
	w, ws, seats := kept(t)
	staff := w.staff(t)
	w.Service.Work = spoilt{w.World.Work}
	page := "/admin/workshops/" + ws.ID + "/work.zip"
	res, _ := staff.open(t, strings.Replace(page, "work.zip", "collected/file", 1)+"?seat="+seats[0]+"&path=results%2Fa.csv")
	require.Equal(t, http.StatusNotFound, res.StatusCode, "it was removed")
	_, raw := staff.open(t, page+"?seat="+seats[0])
	files := unpacked(t, raw)
	require.Len(t, files, 2)
	require.Contains(t, files["what is missing.txt"], "results/a.csv")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, staff.url+page, nil)
	require.NoError(t, err)
	res, err = staff.Do(req)
	if err == nil { // the browser learns that the download failed
		_, err = io.ReadAll(res.Body)
		require.NoError(t, res.Body.Close())
	}
	require.Error(t, err)
}

func TestHowFarItIsToCollectIsToldByItself(t *testing.T) {
	w := newWorld(t)
	w.Pools[0].Collect = []string{"results/**"}
	ws := w.ReadyWorkshop(t, 1)
	staff := w.staff(t)
	page := "/admin/workshops/" + ws.ID + "/work"
	m := w.Machines(t, ws)[0]
	w.Agents.Connect(m)
	_, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	w.Agents.Change(func() { w.Agents.Collecting = &api.CollectStatus{} })
	res, body := staff.submit(t, page[:len(page)-len("/work")]+"/collect", nil)
	require.Equal(t, page, res.Header.Get("Location"), body)
	says(t, mustOpen(t, staff, page), "0 of 1 machine has handed over")
	events := watched(t, staff, "/admin/workshops/"+ws.ID+"/collected/live")
	w.Agents.Change(func() { w.Agents.Collecting = nil })
	w.RunAll(t)
	until(t, events, "Collected ")
}
