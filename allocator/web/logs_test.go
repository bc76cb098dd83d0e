package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAMachinesLogIsKeptAndReadOn(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	m := w.Machines(t, ws)[0]
	agent, staff := w.browser(t), w.staff(t)
	send := func(number int64, lost int, text string) (*http.Response, string) {
		batch := api.LogBatch{Run: "run", Number: number, Lost: lost, Lines: []api.LogLine{{At: w.Time, Level: "info", Source: "agent", Text: text}}}
		return agent.send(t, http.MethodPost, "/api/v1/agents/"+m.AgentID+"/logs", batch, "Authorization", "Bearer secret of "+m.InstanceID)
	}
	read := func(after string) api.LogPage {
		res, body := staff.send(t, http.MethodGet, "/api/v1/machines/"+m.ID+"/logs?after="+after, nil)
		require.Equal(t, http.StatusOK, res.StatusCode, body)
		return decode[api.LogPage](t, body)
	}
	require.Empty(t, read("0").Lines)
	for i, text := range []string{"one", "<script>two</script>"} {
		res, body := send(int64(i+1), 0, text)
		require.Equal(t, http.StatusNoContent, res.StatusCode, body)
	}
	page := read("0")
	require.Len(t, page.Lines, 2)
	require.Equal(t, "<script>two</script>", page.Lines[1].Text)
	require.Empty(t, read("2").Lines)
	send(3, 7, "three")
	page = read("2")
	require.Contains(t, page.Lines[0].Text, "7 lines were lost here")
	require.Equal(t, "three", page.Lines[1].Text)

	res, body := staff.send(t, http.MethodGet, "/admin/machines/"+m.ID+"/log", nil)
	require.Equal(t, "text/plain; charset=utf-8", res.Header.Get("Content-Type"))
	require.Contains(t, body, "info  agent: <script>two</script>\n")
	require.Equal(t, 4, strings.Count(body, "\n"))

	for i := range int64(57) {
		send(4+i, 0, "more")
	}
	res, body = send(100, 0, "too much")
	refused(t, api.RateLimited, res, body)
	require.NotEmpty(t, res.Header.Get("Retry-After"))
	w.Time = w.Time.Add(2 * time.Second)
	res, body = send(100, 0, "not too much any more")
	require.Equal(t, http.StatusNoContent, res.StatusCode, body)
}

// What an agent has not sent goes with it: also where it is read on from, and not before the
// first line that is kept.
func TestThatAnAgentStartedAgainIsMarkedInItsMachinesLog(t *testing.T) {
	w := newWorld(t)
	m := w.Machines(t, w.ReadyWorkshop(t, 1))[0]
	agent, staff := w.browser(t), w.staff(t)
	for number, run := range []string{"first", "first", "second", "second"} {
		batch := api.LogBatch{Run: run, Number: int64(number + 1), Lines: []api.LogLine{{At: w.Time, Level: "info", Source: "agent", Text: run}}}
		res, body := agent.send(t, http.MethodPost, "/api/v1/agents/"+m.AgentID+"/logs", batch, "Authorization", "Bearer secret of "+m.InstanceID)
		require.Equal(t, http.StatusNoContent, res.StatusCode, body)
	}
	const gap = "The agent started again here: lines that it had not sent by then are lost."
	for after, want := range map[string][]string{"0": {"first", "first", gap, "second", "second"}, "2": {gap, "second", "second"}, "3": {"second"}} {
		_, body := staff.send(t, http.MethodGet, "/api/v1/machines/"+m.ID+"/logs?after="+after, nil)
		var texts []string
		for _, line := range decode[api.LogPage](t, body).Lines {
			texts = append(texts, line.Text)
			require.Equal(t, "info", line.Level, "each update starts agents again, which have sent all: %s", line.Text)
		}
		require.Equal(t, want, texts)
	}
}

// Whoever has root on a machine chooses what it logs.
func TestALineOfALogIsOneLineOfText(t *testing.T) {
	w := newWorld(t)
	m := w.Machines(t, w.ReadyWorkshop(t, 1))[0]
	batch := api.LogBatch{Run: "run", Number: 1, Lines: []api.LogLine{{At: w.Time, Level: "info", Source: "a\nb", Text: "one\r\n2026-01-01T00:00:00.000Z error lablink: \x1b]0;title\x07\u009b31mtwo"}}}
	res, body := w.browser(t).send(t, http.MethodPost, "/api/v1/agents/"+m.AgentID+"/logs", batch, "Authorization", "Bearer secret of "+m.InstanceID)
	require.Equal(t, http.StatusNoContent, res.StatusCode, body)
	_, body = w.staff(t).send(t, http.MethodGet, "/admin/machines/"+m.ID+"/log", nil)
	require.Contains(t, body, "a b: one  2026-01-01T00:00:00.000Z error lablink:  ]0;title  31mtwo\n")
	require.Equal(t, 1, strings.Count(body, "\n"))
}
