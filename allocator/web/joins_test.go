package web_test

import (
	"context"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

// withAgent is a server that has an agent's program.
func withAgent(c *web.Config) {
	c.Agent = func(_ context.Context, platform string) (web.AgentFile, error) {
		return web.AgentFile{Body: io.NopCloser(strings.NewReader("program for " + platform)), Bytes: int64(len("program for " + platform)), SHA256: "sum"}, nil
	}
}

// joins lets a machine join by a token, as its agent does, and report.
func joins(t *testing.T, b *browser, token, secret string) (api.Registered, *http.Response, string) {
	t.Helper()
	r := api.Registration{Protocol: api.Protocol, Version: "v1", SecretSHA256: api.SecretSum(secret), JoinToken: token, Proof: api.Proof{Headers: map[string]string{}}, Inventory: api.Inventory{GPUs: []api.GPU{}}}
	res, body := b.send(t, http.MethodPost, "/api/v1/agents", r)
	if res.StatusCode != http.StatusCreated {
		return api.Registered{}, res, body
	}
	given := decode[api.Registered](t, body)
	b.send(t, http.MethodPost, "/api/v1/agents/"+given.AgentID+"/reports", api.Report{Health: api.Healthy, Readings: []api.Reading{}}, "Authorization", "Bearer "+secret)
	return given, res, body
}

func TestMachinesOfOnesOwnJoinByATokenThatIsShownOnce(t *testing.T) {
	w := newWorld(t, withAgent)
	b := w.staff(t)
	ws, _ := w.Open(t, 1)
	in := api.NewJoinToken{Name: "lab", Workshop: ws.ID, Uses: 2}
	res, body := b.send(t, http.MethodPost, "/api/v1/join-tokens", in, "Idempotency-Key", repeatKey)
	require.Equal(t, http.StatusCreated, res.StatusCode, body)
	made := decode[api.MadeJoinToken](t, body)
	require.Equal(t, w.url+"/#"+made.Secret, made.URL)
	_, listed := b.send(t, http.MethodGet, "/api/v1/join-tokens?workshop="+ws.ID, nil)
	require.NotContains(t, listed, made.Secret)
	require.Equal(t, []api.JoinToken{made.JoinToken}, decode[api.Page[api.JoinToken]](t, listed).Items)

	given, _, _ := joins(t, w.browser(t), made.Secret, "one")
	other, _, _ := joins(t, w.browser(t), made.Secret, "two")
	_, machines := b.send(t, http.MethodGet, "/api/v1/machines?workshop="+ws.ID, nil)
	require.Contains(t, machines, `"own":true`)
	require.Contains(t, mustOpen(t, b, "/admin/machines/"+given.MachineID), "own machine")
	page := mustOpen(t, b, "/admin/workshops/"+ws.ID)
	require.Contains(t, page, "own machine: lab<")
	require.Contains(t, page, "<td>LabLink itself</td>")
	report := api.Report{Health: api.Unhealthy, Reason: "by another one", Readings: []api.Reading{}}
	res, body = b.send(t, http.MethodPost, "/api/v1/agents/"+other.AgentID+"/reports", report, "Authorization", "Bearer one")
	refused(t, api.Unauthorized, res, body)
	m, err := w.Store.Machine(t.Context(), other.MachineID)
	require.NoError(t, err)
	require.Equal(t, allocator.Ready, m.State, "a machine writes its own state only")

	_, res, body = joins(t, w.browser(t), made.Secret, "three")
	require.Contains(t, refused(t, api.Forbidden, res, body).Detail, "2 machines have joined")
	res, body = b.send(t, http.MethodDelete, "/api/v1/join-tokens/"+made.ID, nil)
	require.Equal(t, http.StatusNoContent, res.StatusCode, body)
	_, err = w.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	res, body = b.send(t, http.MethodPost, "/api/v1/join-tokens", in)
	refused(t, api.Conflict, res, body)
}

func TestJoinTokensAreMadeAndRevokedOnAPage(t *testing.T) {
	w := newWorld(t, withAgent)
	b := w.staff(t)
	ws, _ := w.Open(t, 1)
	page := "/admin/workshops/" + ws.ID
	res, body := b.submit(t, page+"/join-tokens", url.Values{"name": {"Ann's"}, "uses": {"3"}})
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Regexp(t, `(?s)curl -H 'Authorization: Bearer lbj_\w+' -fo lablink-agent `+w.url+`/download/lablink-agent\nchmod \+x lablink-agent\n./lablink-agent run --join '`+w.url+`/#lbj_\w+'\n`, html.UnescapeString(body), "in the order in which they are typed")
	require.NotContains(t, mustOpen(t, b, page+"/join-machines"), "lbj_")
	all, err := w.Store.JoinTokens(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, 3, all[0].Uses)
	res, _ = b.submit(t, "/admin/join-tokens/"+all[0].ID+"/revoke", url.Values{"workshop": {ws.ID}})
	require.Equal(t, page+"/join-machines", res.Header.Get("Location"))
	require.Contains(t, mustOpen(t, b, page+"/join-machines"), "it was revoked")
	res, body = b.submit(t, page+"/join-tokens", url.Values{"name": {" "}, "uses": {"7"}})
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
	require.Contains(t, body, `value="7"`, "what was typed stays")
	res, _ = b.submit(t, "/admin/join-tokens/jtk_x/revoke", nil)
	require.Equal(t, http.StatusNotFound, res.StatusCode)
}

// What is typed shows what the workshop's machines do, or says that nothing is shown.
func TestMachinesOfOnesOwnAreSetUpForTheDesktopOfTheirWorkshop(t *testing.T) {
	w := newWorld(t, withAgent, func(c *web.Config) {
		c.Deployed.Pools = []deployed.Pool{{Name: "another", Desktop: "container"}, {Name: "gpu", Desktop: "crd"}}
	})
	b := w.staff(t)
	ws, _ := w.Open(t, 1)
	page := "/admin/workshops/" + ws.ID
	_, body := b.submit(t, page+"/join-tokens", url.Values{"name": {"Ann's"}, "uses": {"3"}})
	body = html.UnescapeString(body)
	require.Regexp(t, `\nsudo ./lablink-agent install --desktop crd --join '`+w.url+`/#lbj_\w+'\n`, body)
	require.Regexp(t, `(?s)Participants then see that they have the machine and no desktop.*<code id="join-no-root">./lablink-agent run --join '`, body)
	require.Contains(t, body, "<code>./lablink-agent doctor --desktop crd --join '")
	require.Contains(t, body, "macOS and Windows cannot start the program")
	_, body = b.send(t, http.MethodPost, "/api/v1/join-tokens", api.NewJoinToken{Name: "lab", Workshop: ws.ID})
	require.Equal(t, "crd", decode[api.MadeJoinToken](t, body).Desktop)

	w = newWorld(t, withAgent)
	b = w.staff(t)
	ws, _ = w.Open(t, 1)
	_, body = b.submit(t, "/admin/workshops/"+ws.ID+"/join-tokens", url.Values{"name": {"Ann's"}, "uses": {"3"}})
	require.Contains(t, html.UnescapeString(body), "The workshop's machines show no desktop, and neither do these")
	require.NotContains(t, body, "sudo")
}

func TestThePageOfOnesOwnMachinesShowsThatOneJoined(t *testing.T) {
	w := newWorld(t, withAgent)
	b := w.staff(t)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: evil, Pool: "gpu", Seats: 1})
	require.NoError(t, err)
	page := "/admin/workshops/" + ws.ID
	require.Contains(t, harmlessPage(t, b, page), page+"/join-machines")
	require.Contains(t, harmlessPage(t, b, page+"/join-machines"), "None has joined yet")
	_, secret, err := w.AddJoinToken(t.Context(), "admin", api.NewJoinToken{Name: evil, Workshop: ws.ID})
	require.NoError(t, err)
	events := watched(t, b, page+"/join-machines/live")
	require.NotContains(t, event(t, events), "mch_")
	given, _, _ := joins(t, w.browser(t), secret, "one")
	until(t, events, given.MachineID)
	require.Contains(t, harmlessPage(t, b, page+"/join-machines"), given.MachineID)
	_, err = w.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	require.Contains(t, harmlessPage(t, b, page+"/join-machines"), "no machine can join it any more")
}

func TestTheAgentIsDownloadedByStaffAndWithAJoinToken(t *testing.T) {
	w := newWorld(t, withAgent)
	b := w.staff(t)
	ws, _ := w.Open(t, 1)
	_, secret, err := w.AddJoinToken(t.Context(), "admin", api.NewJoinToken{Name: "lab", Workshop: ws.ID})
	require.NoError(t, err)
	const path = "/download/lablink-agent"
	res, body := b.send(t, http.MethodGet, path, nil)
	require.Equal(t, []any{http.StatusOK, "program for linux/amd64", "sum"}, []any{res.StatusCode, body, res.Header.Get("X-Checksum-Sha256")})
	anybody := w.browser(t)
	_, body = anybody.send(t, http.MethodGet, path+"?arch=arm64", nil, "Authorization", "Bearer "+secret)
	require.Equal(t, "program for linux/arm64", body)
	res, body = anybody.send(t, http.MethodGet, path, nil)
	refused(t, api.Unauthorized, res, body)
	res, body = anybody.send(t, http.MethodGet, path, nil, "Authorization", "Bearer lbj_guessed")
	refused(t, api.Forbidden, res, body)
	res, body = b.send(t, http.MethodGet, path+"?arch=sparc", nil)
	refused(t, api.NotFound, res, body)
}
