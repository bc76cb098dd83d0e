package main

import (
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Nobody knows the admin's password any more, and the stack's counts at the first start
// only.
func TestWhoHasTheHostLetsAnAdminInAgain(t *testing.T) {
	for engine, place := range map[string]func(t *testing.T) place{
		"sqlite": func(t *testing.T) place {
			answerSSM(t)
			p := there(t, "sqlite")
			require.NoError(t, os.WriteFile(p.Settings, []byte(settingsOfOne), 0o600))
			return p
		},
		"postgres": func(t *testing.T) place { return place{Settings: newSeveral(t).settings, Data: t.TempDir()} },
	} {
		t.Run(engine, func(t *testing.T) {
			p := place(t)
			c, stop := serving(t, p)
			defer stop()
			logIn := func(password string) error {
				return c.Do(t.Context(), http.MethodPost, "/api/v1/sessions", api.Session{User: "admin", Password: password}, nil)
			}
			require.NoError(t, logIn("a very good password"))
			made, err := passwordCommand{place: p, Name: "admin"}.reset(t.Context())
			require.NoError(t, err)
			require.NoError(t, logIn(made), "while the allocator serves")
			require.Equal(t, api.Unauthorized, api.CodeOf(logIn("a very good password")))
			_, err = passwordCommand{place: p, Name: "nobody"}.reset(t.Context())
			require.Equal(t, api.NotFound, api.CodeOf(err), "%v", err)
		})
	}
}
