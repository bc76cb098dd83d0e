package web_test

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// half is a price of half a dollar an hour.
type half struct{}

func (half) Hourly(string, string, bool) (allocator.Rate, bool) {
	return allocator.Rate{USD: 0.5, From: "AWS's price list as of 2026-03-01"}, true
}

// small is an account that may run few machines.
type small struct{}

func (small) Quota(context.Context, string, bool) (allocator.Quota, error) {
	return allocator.Quota{Name: "G and VT", Code: "L-DB2E81BA", VCPUs: 8, Each: 4}, nil
}

func TestWhatAWorkshopWouldCostIsToldWhileItsFormIsFilled(t *testing.T) {
	w := newWorld(t)
	w.Rates, w.Quotas = half{}, small{}
	staff := w.staff(t)
	form := url.Values{"pool": {"gpu"}, "seats": {"4"}, "lasts": {"240"}, "zone": {"UTC"}, "roster": {"ann@example.org"}}
	estimate := func(form url.Values, header ...string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, staff.url+"/admin/workshops/estimate", strings.NewReader(form.Encode()))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, h := range header {
			req.Header.Set(h, "true")
		}
		res, body := staff.do(t, req)
		return res.StatusCode, body
	}
	status, body := estimate(form, "HX-Request")
	require.Equal(t, http.StatusOK, status)
	says(t, body, "4 machines cost up to <strong>$2.00</strong> an hour", "up to <strong>$8.00</strong>, for 4.0 hours", "AWS&#39;s price list as of 2026-03-01",
		"What AWS allows: not enough", "quota L-DB2E81BA to 16", "Machines: enough", "You can open it all the same")
	require.NotContains(t, body, "<html", "a part of the page")
	status, body = estimate(form)
	require.Equal(t, http.StatusOK, status)
	says(t, body, "<html", "$8.00", `value="4"`, `<option value="240" selected>`, "ann@example.org</textarea>")
	form.Set("lasts", "")
	_, body = estimate(form, "HX-Request")
	says(t, body, "It has no end")
	form.Set("seats", "11")
	_, body = estimate(form, "HX-Request")
	says(t, body, "holds 10 machines at most")
	require.NotContains(t, body, "You can open it all the same", "it is refused")
	form.Set("seats", "")
	status, body = estimate(form, "HX-Request")
	require.Equal(t, http.StatusOK, status, "htmx shows no other")
	says(t, body, "cannot be told yet", "How many people are there?")
	w.Rates, w.Quotas = nil, nil
	form.Set("seats", "1")
	_, body = estimate(form, "HX-Request")
	says(t, body, "1 machine. What it costs nobody knows", "What AWS allows: not known")
	all, err := w.Store.OpenWorkshops(t.Context())
	require.NoError(t, err)
	require.Empty(t, all)

	res, body := staff.send(t, http.MethodPost, "/api/v1/workshops/estimate", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 2})
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	require.Equal(t, 2, decode[api.Estimate](t, body).Machines)
	res, body = staff.send(t, http.MethodPost, "/api/v1/workshops/estimate", api.NewWorkshop{Name: "Pose", Pool: "none", Seats: 2})
	refused(t, api.Invalid, res, body)
}

func TestAWorkshopLastsAsLongAsWasChosen(t *testing.T) {
	w := newWorld(t)
	staff := w.staff(t)
	form := url.Values{"name": {"Pose"}, "pool": {"gpu"}, "seats": {"1"}, "lasts": {"120"}, "zone": {"Europe/Berlin"}, "starts_at": {"2026-03-02T10:00"}}
	for _, c := range [][2]string{{"", "2026-03-02 11:00"}, {"2026-03-02T18:00", "2026-03-02 17:00"}} {
		form.Set("ends_at", c[0])
		res, body := staff.submit(t, "/admin/workshops", form)
		require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
		ws, err := w.Store.Workshop(t.Context(), strings.TrimPrefix(res.Header.Get("Location"), "/admin/workshops/"))
		require.NoError(t, err)
		require.Equal(t, c[1], ws.EndsAt.UTC().Format("2006-01-02 15:04"))
	}
	says(t, mustOpen(t, staff, "/admin"), `<option value="240" selected>4 hours`, `name="seats" type="number" min="1" max="1000" required value="10"`, "Begins later")
}

// upload posts a form with a file.
func (b *browser) upload(t *testing.T, path string, form map[string]string, field, name, file string) (*http.Response, string) {
	t.Helper()
	var body bytes.Buffer
	out := multipart.NewWriter(&body)
	for key, value := range form {
		require.NoError(t, out.WriteField(key, value))
	}
	part, err := out.CreateFormFile(field, name)
	require.NoError(t, err)
	_, err = part.Write([]byte(file))
	require.NoError(t, err)
	require.NoError(t, out.Close())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+path, &body)
	require.NoError(t, err)
	req.Header.Set("Content-Type", out.FormDataContentType())
	req.Header.Set("Accept", "text/html")
	return b.do(t, req)
}

func TestAListOfPeopleIsReadFromAFile(t *testing.T) {
	w := newWorld(t)
	staff := w.staff(t)
	form := map[string]string{"name": "Pose", "pool": "gpu", "seats": "1", "zone": "UTC", "roster": "Zoe <zoe@example.org>"}
	res, body := staff.upload(t, "/admin/workshops", form, "roster_file", "class.csv", "\ufeffName;Mail\r\nAnn;ann@example.org\r\nBob;nobody\r\n")
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
	says(t, body, "In the file class.csv, line 3: &#34;nobody&#34;", ">zoe@example.org\nann@example.org</textarea>", `value="Pose"`)
	res, body = staff.upload(t, "/admin/workshops", form, "roster_file", "class.csv", "Name;Mail\r\nAnn;ann@example.org\r\n")
	require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
	page := res.Header.Get("Location")
	id := strings.TrimPrefix(page, "/admin/workshops/")
	roster := func() []string {
		all, err := w.Store.Roster(t.Context(), id)
		require.NoError(t, err)
		return all
	}
	require.ElementsMatch(t, []string{"ann@example.org", "zoe@example.org"}, roster())
	res, body = staff.upload(t, page+"/change", map[string]string{"zone": "UTC", "invite": "eve@example.org"}, "invite_file", "more.txt", "bob@example.org\nnobody\n")
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
	says(t, body, "In the file more.txt, line 2", ">eve@example.org\nbob@example.org</textarea>")
	res, body = staff.upload(t, page+"/change", map[string]string{"zone": "UTC"}, "invite_file", "more.txt", "bob@example.org\n")
	require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
	require.ElementsMatch(t, []string{"ann@example.org", "bob@example.org", "zoe@example.org"}, roster())
	res, body = staff.upload(t, "/admin/workshops", form, "roster_file", "class.xlsx", "PK\x03\x04\x00")
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
	says(t, body, "is no list of addresses")
	delete(form, "roster")
	for path, field := range map[string]string{"/admin/workshops": "roster_file", page + "/change": "invite_file"} {
		res, body = staff.upload(t, path, form, field, "class.csv", "")
		require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode, "everybody could join")
		says(t, body, "The file with the addresses is empty", "class.csv")
	}
	res, body = staff.upload(t, "/admin/workshops", map[string]string{"name": "Pose", "pool": "gpu", "seats": "1", "zone": "UTC", "roster": "E-mail\r\n"}, "none", "", "")
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode, "the title of a column is nobody")
	says(t, body, "No addresses were found in what was pasted")
	for _, path := range []string{"/admin/workshops", page + "/change", "/admin/workshops/estimate"} {
		res, body = staff.upload(t, path, form, "roster_file", "class.csv", strings.Repeat("ann@example.org\n", 1<<17))
		if path != "/admin/workshops/estimate" { // which is shown with its page
			require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode, path)
		}
		says(t, body, "The file is too large", "paste the addresses")
	}
}
