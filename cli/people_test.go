package cli_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/cli"
)

func TestUsersAreRunFromATerminal(t *testing.T) {
	_, url := serve(t)
	_, err := lablink(t, url, "users", "add", "ann")
	require.ErrorContains(t, err, "LABLINK_NEW_PASSWORD")
	t.Setenv("LABLINK_NEW_PASSWORD", "the words of ann")
	require.Contains(t, must(t, url, "users", "add", "ann", "--role", "viewer"), "viewer")
	require.Contains(t, must(t, url, "users", "role", "ann", "instructor"), "instructor")
	must(t, url, "users", "password", "ann")
	var users []api.User
	require.NoError(t, json.Unmarshal([]byte(must(t, url, "users", "--json")), &users))
	require.Equal(t, []string{"admin", "ann"}, []string{users[0].Name, users[1].Name})
	must(t, url, "users", "remove", "ann")
	require.NotContains(t, must(t, url, "users"), "ann")
	_, err = lablink(t, url, "users", "remove", "admin")
	require.Equal(t, 5, cli.ExitCode(err))
}

func TestTokensAreMadeAndRevokedFromATerminal(t *testing.T) {
	w, url := serve(t)
	w.Time = time.Now()
	var made api.MadeToken
	require.NoError(t, json.Unmarshal([]byte(must(t, url, "tokens", "make", "ci", "--role", "viewer", "--for", "1h", "--json")), &made))
	require.NotNil(t, made.ExpiresAt)
	t.Setenv("LABLINK_TOKEN", made.Secret)
	require.Contains(t, must(t, url, "tokens"), made.ID)
	t.Setenv("LABLINK_TOKEN", "")
	must(t, url, "tokens", "revoke", made.ID)
	require.NotContains(t, must(t, url, "tokens"), made.ID)
}

func TestJoinTokensAreMadeAndRevokedFromATerminal(t *testing.T) {
	w, url := serve(t)
	w.Time = time.Now()
	ws, _ := w.Open(t, 1)
	made := must(t, url, "join-token", "make", "Ann's", "--workshop", ws.Name, "--machines", "3")
	require.Regexp(t, `(?s)curl -H 'Authorization: Bearer lbj_\w+' -fo lablink-agent `+url+`/download/lablink-agent *\nchmod \+x lablink-agent *\n./lablink-agent run --join '`+url+`/#lbj_\w+'`, made)
	var all []api.JoinToken
	require.NoError(t, json.Unmarshal([]byte(must(t, url, "join-token", "list", "--workshop", ws.ID, "--json")), &all))
	require.Equal(t, 3, all[0].Uses)
	must(t, url, "join-token", "revoke", all[0].ID)
	require.Contains(t, must(t, url, "join-token"), "it was revoked")
	must(t, url, "join-token", "make", "Bob\x1b[2J\n's", "--workshop", ws.ID)
	require.Contains(t, must(t, url, "join-token"), "Bob [2J 's", "a name is text, and nothing that moves the terminal")
	_, err := lablink(t, url, "join-token", "make", "x", "--workshop", "wks_x")
	require.Equal(t, 4, cli.ExitCode(err))
}
